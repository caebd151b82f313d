// Calls of modern callers that wait at a legacy server for an answer. Where the server numbers its events nothing is held: the stream is let go,
// and whichever router gets the next round gives the answers and goes on behind the last event. Else the stream is held open here, and
// only this router can go on with it. Either way the call itself is never sent again.
import { randomUUID } from 'node:crypto'
import type { ReplicaPorts } from './choose-replica.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import { answerFor } from './eras/bridge/rounds.ts'
import type { AfterHead, Attempt, Message, ParkedCall, UpstreamBody } from './facts.ts'
import { HANDSHAKE_MS, handshakeWay, pathOf, timesOf } from './open-session.ts'
import { LASTS_MS } from './rounds.ts'
import { endUpstreamSession } from './upstream/legacy-handshake.ts'
import { type LegacyContext, legacyResumption, legacyWords } from './upstream/questions.ts'
import { askReplica } from './upstream/rpc.ts'
import { isEventStream } from './upstream/send.ts'

/** Streams that are held open here. */
const MOST_HELD = 1_000
/** Calls that wait without one: of more than that their servers alone know. */
const MOST_LEFT = 10_000
/** Clocks of two routers differ, and the state of a call is as old as one of them says. */
const SKEW_MS = 60_000

export interface ParkedPorts extends Pick<ReplicaPorts, 'send' | 'say' | 'nextId' | 'nowMs'> {
  /** Acts once after so long, unless what it returns is called before. */
  readonly after: (ms: number, act: () => void) => () => void
}

/** An exchange with a replica that may go on after its caller has been told to come back. */
export interface Exchange {
  readonly attempt: Promise<Attempt>
  readonly abort: () => void
  readonly expire: (isCallers: boolean) => void
  readonly ended: (after: AfterHead) => void
}

interface HeldCall extends Exchange {
  readonly body: UpstreamBody
  readonly forget: () => void
}

/** Where a call waits. */
export interface Where {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
}

export class ParkedCalls {
  readonly #ports: ParkedPorts
  readonly #held = new Map<string, HeldCall>() // bounded by MOST_HELD
  /** By session: what keeps one from being ended. */
  readonly #left = new Map<string, () => void>() // bounded by MOST_LEFT

  constructor(ports: ParkedPorts) {
    this.#ports = ports
  }

  /**
   * Nothing is held of it, and any router may go on with it for so long, and then for as long as a call lasts. Then it is over: `lapse`, unless
   * it went on here.
   */
  leave(
    { cluster, endpoint }: Where,
    { sessionId, waitsMs }: { readonly sessionId: string; readonly waitsMs: number },
    lapse: () => void,
  ): void {
    if (this.#left.size >= MOST_LEFT) return
    const key = leftKey(endpoint.key, sessionId)
    const forget = this.#ports.after(waitsMs + cluster.policy.deadline.maxMs + SKEW_MS, () => {
      this.#left.delete(key)
      lapse()
    })
    this.#left.set(key, forget)
  }

  /** Undefined where too many are held already. `lapse`: nobody came back for it. */
  hold(
    exchange: Exchange & { readonly body: UpstreamBody },
    lapse: () => void,
  ): string | undefined {
    if (this.#held.size >= MOST_HELD) return undefined
    const id = randomUUID()
    const forget = this.#ports.after(LASTS_MS, () => {
      this.#held.delete(id)
      lapse()
    })
    this.#held.set(id, { ...exchange, forget })
    return id
  }

  /** Gives the server its answers, and goes on with the stream of the call; `onOver` when that is over. */
  resume(
    where: Where,
    { parked, message }: { readonly parked: ParkedCall; readonly message: Message },
    onOver: () => void,
  ): Exchange {
    const key = leftKey(parked.endpoint, parked.sessionId)
    this.#left.get(key)?.()
    this.#left.delete(key)
    const held = parked.held === undefined ? undefined : this.#held.get(parked.held)
    if (parked.held !== undefined) {
      held?.forget()
      this.#held.delete(parked.held) // once: two rounds cannot read one stream
    }
    let inner: Exchange | undefined = held
    let isGivenUp = false
    const attempt = (async (): Promise<Attempt> => {
      if (held === undefined && parked.lastEventId === undefined) {
        onOver()
        return lost('its stream was held by another router, or is not held any more')
      }
      const refused = await this.#answer(where, parked, message)
      if (refused !== undefined || isGivenUp) {
        held?.abort()
        if (held === undefined) onOver()
        return isGivenUp ? { kind: 'abandoned' } : lost(refused ?? '')
      }
      inner ??= this.#follow(where, parked, onOver)
      return held === undefined ? asStream(inner) : answeredBy(held)
    })()
    return {
      attempt,
      abort: () => {
        isGivenUp = true
        inner?.abort()
      },
      expire: isCallers => {
        isGivenUp = true
        inner?.expire(isCallers)
      },
      ended: after => inner?.ended(after),
    }
  }

  /** Why the server has not got them all. */
  async #answer(where: Where, parked: ParkedCall, message: Message): Promise<string | undefined> {
    const { cluster, endpoint } = where
    for (const asked of parked.asked) {
      const body = answerFor(message, asked)
      const said = { body, context: contextOf(parked) }
      const outgoing = legacyWords(pathOf(cluster, endpoint), said, timesOf(cluster))
      const reply = await askReplica(this.#ports.say(endpoint, outgoing), 'null', HANDSHAKE_MS)
      if (reply.kind === 'failed') return `it could not be given the answer: ${reply.detail}`
      if (reply.status >= 300) return `it was given the answer, and said HTTP ${reply.status}`
    }
    return undefined
  }

  #follow(where: Where, parked: ParkedCall, onOver: () => void): Exchange {
    const { cluster, endpoint } = where
    const behind = { context: contextOf(parked), lastEventId: parked.lastEventId ?? '' }
    const outgoing = legacyResumption(pathOf(cluster, endpoint), behind, timesOf(cluster))
    return this.#ports.send(where, outgoing, onOver)
  }

  /** The session that a call had to itself is over with it. */
  endSession(where: Where, context: LegacyContext): void {
    void endUpstreamSession(handshakeWay(this.#ports, where), context)
  }
}

const leftKey = (endpoint: string, sessionId: string): string => `${endpoint} ${sessionId}`

export const contextOf = ({ version, sessionId }: ParkedCall): LegacyContext => ({
  version,
  sessionId,
})

/** The call has begun: whatever hinders it from going on, nobody knows what became of it. */
const lost = (detail: string): Attempt => ({ kind: 'no_answer', detail })

async function asStream({ attempt, abort }: Exchange): Promise<Attempt> {
  const head = await attempt
  if (head.kind === 'not_sent') return lost(head.detail)
  if (head.kind !== 'answered') return head
  if (head.status === 200 && isEventStream(head.contentType)) return head
  abort()
  return lost(`it was asked for the rest of the stream, and said HTTP ${head.status}`)
}

const answeredBy = ({ body }: HeldCall): Attempt => ({
  kind: 'answered',
  status: 200,
  contentType: 'text/event-stream',
  header: () => undefined,
  body,
  firstByteMs: 0,
})
