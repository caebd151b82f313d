// One check's questions to one replica, and what each answer shows. A replica that was slow or busy has not said no: each question
// keeps the two apart, and what follows from them is decided by who asks.
import type { Clock } from '#foundation/clock.ts'
import { shapeOf } from '#foundation/refusals.ts'
import { createBreather } from '#router/clusters/discovery/breather.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import { isRecord } from '#router/eras/message.ts'
import { LATEST_LEGACY } from '#router/eras/versions.ts'
import { fromRouter, through } from '#router/eras/via.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import { type Discovered, discoveredIn } from './discovered.ts'
import type { KnownDefinitions } from './known-definitions.ts'
import {
  endUpstreamSession,
  type HandshakeWay,
  openUpstreamSession,
  type UpstreamSession,
} from './legacy-handshake.ts'
import type { Connections, Pools } from './pools.ts'
import { type ClientInfo, legacyQuestion, modernQuestion, type Question } from './questions.ts'
import { type Rest, readTools, type ToolList } from './read-tools.ts'
import { askReplica, outcomeOf, PAGE_BYTES, type RpcReply } from './rpc.ts'
import { type Outgoing, type Sent, sendUncounted } from './send.ts'

export interface ProbePorts {
  readonly pools: Pools
  readonly clock: Clock
  readonly nextId: () => number
  readonly client: ClientInfo
  readonly routerId: string
}

export interface ProbeMeans {
  readonly policy: ClusterPolicy
  readonly ports: ProbePorts
  /** Lists that the last check could not read to their end, by era. */
  readonly rests: WeakMap<Endpoint, Partial<Record<Era, Rest>>>
  /** The newest list of any of them, by era: replicas that list the same hold it once. */
  readonly newest: Partial<Record<Era, ToolList>>
  readonly definitions: KnownDefinitions
}

/** What the discover question showed; `busy` is alive and says nothing of its era. */
export type Modern =
  | (Omit<Discovered, 'kind'> & { readonly kind: Discovered['kind'] | 'guarded' | 'busy' })
  | { readonly kind: 'failed'; readonly result: CheckResult }

/** What the handshake showed; `found` is what was asked within the session. */
export type Legacy<Found> =
  | { readonly kind: 'open'; readonly session: UpstreamSession; readonly found: Found }
  | { readonly kind: 'not_legacy' | 'guarded' | 'unasked'; readonly result: CheckResult }

const BUSY = 429
/** Finding out eras and tools takes this many times as long as a proof of life may. */
const DEEP = 3
/** More for the list of the second era, or the first would leave it no time. */
const SECOND_LIST = 2

/** Each question has its time as a whole: more timers would only outlive the check. */
const NO_TIMES = { firstByteMs: 0, idleMs: 0 }

export const ALIVE: CheckResult = { ok: true }

export const notAlive = (reason: string): CheckResult => ({ ok: false, reason, isRefused: false })

const GOES_ROUND = notAlive('it is a Ringmain router that leads back to this one')
/** Its own code, whatever the era. */
const LOOP = shapeOf('RINGMAIN_LOOP').jsonRpc

export class Probe {
  readonly policy: ClusterPolicy
  readonly endpoint: Endpoint
  readonly #ports: ProbePorts
  readonly #rests: ProbeMeans['rests']
  readonly #newest: ProbeMeans['newest']
  readonly #definitions: KnownDefinitions
  readonly #connections: Connections
  readonly #beganMs: number
  #mayTakeMs: number

  constructor(
    endpoint: Endpoint,
    connections: Connections,
    { policy, ports, rests, newest, definitions }: ProbeMeans,
  ) {
    this.policy = policy
    this.endpoint = endpoint
    this.#ports = ports
    this.#rests = rests
    this.#newest = newest
    this.#definitions = definitions
    this.#connections = connections
    this.#beganMs = ports.clock.nowMs()
    this.#mayTakeMs = policy.health.timeoutMs
  }

  /** From a proof of life to finding out eras and tools. */
  deepen(): void {
    this.#mayTakeMs = DEEP * this.policy.health.timeoutMs
  }

  /** To another list besides. */
  lengthen(): void {
    this.#mayTakeMs += SECOND_LIST * this.policy.health.timeoutMs
  }

  /** A plain GET, where the document names a path. */
  async plain(path: string): Promise<CheckResult> {
    const outgoing = { method: 'GET', path, headers: ['accept', '*/*'], body: undefined } as const
    const reply = await this.#put({ idJson: 'null', outgoing: { ...outgoing, ...NO_TIMES } })
    if (reply.kind === 'failed') return failure(reply)
    return reply.status >= 200 && reply.status < 300
      ? ALIVE
      : notAlive(`GET ${path} answered ${reply.status}`)
  }

  async modern(): Promise<Modern> {
    const reply = await this.#put(this.#modernQuestion('server/discover'))
    if (reply.kind === 'failed') return { kind: 'failed', result: failure(reply) }
    if (isLoop(reply)) return { kind: 'failed', result: GOES_ROUND }
    const outcome = outcomeOf(reply)
    if (outcome === 'guarded') return { kind: 'guarded' }
    if (outcome === 'unasked')
      return reply.status === BUSY
        ? { kind: 'busy' }
        : { kind: 'failed', result: notAlive(`server/discover answered ${reply.status}`) }
    if (reply.kind === 'http' && reply.isTooLarge)
      return { kind: 'failed', result: notAlive(`server/discover: ${reply.detail}`) }
    if (reply.kind === 'http') return { kind: 'not_modern' }
    return discoveredIn(reply.message)
  }

  /** A session that is ended again, whatever happened in it. */
  async legacy<Found>(
    within: (session: UpstreamSession) => Promise<Found>,
  ): Promise<Legacy<Found>> {
    const way = this.#way()
    const handshake = await openUpstreamSession(way, {
      version: LATEST_LEGACY,
      client: this.#ports.client,
    })
    if (handshake.kind === 'failed') return unopened(handshake.reply)
    const { session } = handshake
    const found = await within(session)
    await this.#end(way, session)
    return { kind: 'open', session, found }
  }

  /** It has time of its own, or a replica that is slow would be left with a session a check; the check waits only for its own. */
  #end(way: HandshakeWay, session: UpstreamSession): Promise<void> {
    const ending = endUpstreamSession({ ...way, timeoutMs: this.policy.health.timeoutMs }, session)
    return awaitAtMost(ending, this.#leftMs)
  }

  /** Any JSON-RPC answer proves life, an error among them: not every server knows `ping`. */
  async ping(session: UpstreamSession): Promise<CheckResult> {
    const reply = await this.#ask('ping', session)
    if (reply.kind === 'failed') return failure(reply)
    if (reply.kind === 'message' && reply.status < 500) return ALIVE
    if (outcomeOf(reply) === 'guarded' || reply.status === BUSY) return ALIVE
    return notAlive(`ping answered ${reply.status}`)
  }

  /** Its tools, as it lists them to the modern era or within a session; a list that breaks off is no fault of health. */
  async tools(session?: UpstreamSession): Promise<ToolList> {
    const era = session === undefined ? 'modern' : 'legacy'
    const { [era]: from, ...others } = this.#rests.get(this.endpoint) ?? {}
    const list = await readTools(
      {
        askPage: params =>
          session === undefined
            ? this.#put(this.#modernQuestion('tools/list', params), PAGE_BYTES)
            : this.#ask('tools/list', session, params),
        breathe: createBreather(this.#ports.clock),
        definitions: this.#definitions,
      },
      from,
    )
    const rest = list.end === 'whole' ? undefined : list.rest
    this.#rests.set(this.endpoint, rest === undefined ? others : { ...others, [era]: rest })
    const newest = this.#newest[era]
    if (newest?.digest !== undefined && newest.digest === list.digest) return newest
    if (list.digest !== undefined) this.#newest[era] = list
    return list
  }

  /** What the check, and so its next question, may still take. */
  get #leftMs(): number {
    const leftMs = Math.ceil(this.#beganMs + this.#mayTakeMs - this.#ports.clock.nowMs())
    return Math.min(this.policy.health.timeoutMs, Math.max(0, leftMs))
  }

  get #path(): string {
    return this.endpoint.instance.path ?? this.policy.path
  }

  #modernQuestion(method: string, params?: Record<string, unknown>): Question {
    const { client, nextId } = this.#ports
    const ask = { id: nextId(), method, client, ...(params === undefined ? {} : { params }) }
    return modernQuestion(this.#path, ask, NO_TIMES)
  }

  #ask(
    method: string,
    context: UpstreamSession,
    params?: Record<string, unknown>,
  ): Promise<RpcReply> {
    const id = this.#ports.nextId()
    const ask = { id, method, context, ...(params === undefined ? {} : { params }) }
    const question = legacyQuestion(this.#path, ask, NO_TIMES)
    return this.#put(question, method === 'tools/list' ? PAGE_BYTES : undefined)
  }

  #way(): HandshakeWay {
    const { nextId } = this.#ports
    const leftMs = (): number => this.#leftMs
    return {
      path: this.#path,
      times: NO_TIMES,
      get timeoutMs() {
        return leftMs() // less for each question of the handshake
      },
      nextId,
      send: outgoing => this.#send(outgoing),
    }
  }

  #send(outgoing: Outgoing): Sent {
    const { clock, routerId } = this.#ports
    const said = through(outgoing, fromRouter(routerId))
    return sendUncounted(this.#connections, this.endpoint, said, clock)
  }

  async #put(question: Question, mostBytes?: number): Promise<RpcReply> {
    const leftMs = this.#leftMs
    const detail = `the check was not done within ${this.#mayTakeMs} ms`
    if (leftMs === 0) return { kind: 'failed', attempt: 'not_sent', detail }
    const sent = this.#send(question.outgoing)
    const reply = await askReplica(sent, question.idJson, leftMs, mostBytes)
    const isCut = reply.kind === 'failed' && reply.attempt === 'timeout'
    // The rest of a limit that was left for a later question is a number nobody has set.
    return isCut && leftMs < this.policy.health.timeoutMs ? { ...reply, detail } : reply
  }
}

/** A router has seen that the question came through it before. */
function isLoop(reply: RpcReply): boolean {
  const error = reply.kind === 'message' ? reply.message['error'] : undefined
  return isRecord(error) && error['code'] === LOOP
}

async function awaitAtMost(work: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([work, late.promise])
  clearTimeout(timer)
}

const failure = (reply: Extract<RpcReply, { kind: 'failed' }>): CheckResult => ({
  ok: false,
  reason: reply.detail,
  isRefused: reply.attempt === 'not_sent' && /^ECONNREFUSED\b/.test(reply.detail),
})

function unopened(reply: RpcReply): Legacy<never> {
  if (isLoop(reply)) return { kind: 'unasked', result: GOES_ROUND }
  if (reply.kind === 'failed') return { kind: 'unasked', result: failure(reply) }
  const says = `initialize answered ${reply.status}`
  switch (outcomeOf(reply)) {
    case 'guarded':
      return { kind: 'guarded', result: ALIVE }
    case 'unasked':
      return { kind: 'unasked', result: reply.status === BUSY ? ALIVE : notAlive(says) }
    case 'answered':
      return { kind: 'not_legacy', result: notAlive(`it speaks neither era: ${says}`) }
  }
}
