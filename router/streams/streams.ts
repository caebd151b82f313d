// The streams of callers: how many there may be, how each is opened, and how all of them end when the router does.
import { isDeepStrictEqual } from 'node:util'
import { viaIn } from '#router/eras/via.ts'
import type { Arrived, Asking, Decoded, Located, OpenStream, Session } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import type { Owned } from '#routes/wire-names.ts'
import type { After } from './caller-stream.ts'
import { CallerStream, type StreamLimits } from './caller-stream.ts'
import { ClusterWatch, type WatchPorts } from './cluster-watch.ts'
import { openEventId } from './event-ids.ts'
import { openLegacy } from './open-legacy.ts'
import { openModern } from './open-modern.ts'
import { SessionResources } from './session-resources.ts'
import type { By } from './way-by.ts'

export type Listening = Readonly<Arrived & Decoded & Located>

export interface StreamPorts extends WatchPorts {
  readonly after: After
  /** As the table has it now. */
  readonly server: (name: string) => VirtualServerPolicy | undefined
  /** Whose resource this is, as the caller names it. */
  readonly owners: (call: Listening, uri: string) => Promise<readonly Owned[]>
  /** How what a replica asks on the stream of a session reaches its caller. */
  readonly asking: (session: Session, cluster: string) => Asking
  readonly observe: { readonly began: () => void; readonly ended: () => void }
}

/** What a stream is opened with. */
export interface Ground {
  readonly ports: StreamPorts
  readonly watchOf: (cluster: string, by: By) => ClusterWatch
  readonly resources: SessionResources
}

/** Ready to be run: what it begins with, and how it ends in the words of its era. */
export interface Prepared {
  readonly sessionToken?: string
  readonly stream: CallerStream
  readonly first: string
  readonly begin?: () => void
  /** Tells that its lists are others now: a newer table offers something else. */
  readonly offeredAnew: () => void
  readonly end: () => void
}

export type Opening = Prepared | { readonly refusal: Refusal }

/** Shorter than what most proxies allow a silent answer, and than the time in which a caller should notice that a router is gone. */
const HEARTBEAT_MS = 15_000
/** A caller comes back for another one, which may be elsewhere: load moves, and nobody listens for ever by what was true once. */
const MAX_AGE_MS = 900_000
const LIMITS: StreamLimits = { heartbeatMs: HEARTBEAT_MS, maxAgeMs: MAX_AGE_MS }
/** At one virtual server. */
const MOST_STREAMS = 10_000
/** Ways through other routers that callers have come: each has subscriptions of its own at replicas, and anybody may say so. */
const MOST_WAYS = 64
/** Of one caller, where callers are told apart: within one session. */
const MOST_OF_CALLER = 16
const RETRY_AFTER_MS = 5_000
/** How often it is looked at whether what streams were opened for is still offered. */
const LOOK_MS = 2_000

const ENDED_MEANWHILE: Refusal = {
  code: 'RINGMAIN_SESSION_UNKNOWN',
  detail: 'it ended while its stream was opened',
}

interface Open extends Prepared {
  /** As it was when it was looked at last. */
  server: VirtualServerPolicy
}

/** Not open yet: what it is for may end before it is. */
interface Begun {
  readonly sessionToken: string | undefined
  isForgotten: boolean
}

interface Cap {
  readonly key: string
  readonly most: number
}

const WAY = 'way '
const wayKey = (call: Listening): string => `${WAY}${viaIn(call)}`

const sessionKey = (token: string): string => `session ${token}`

/** Nothing is told on two streams of a session (2025-11-25, transports, Multiple Connections), so that there is one beside those of its calls. */
function capsOf(call: Listening): readonly Cap[] {
  const { server, session, lastEventId } = call
  const all = [
    { key: `server ${server.name}`, most: MOST_STREAMS },
    { key: wayKey(call), most: Number.POSITIVE_INFINITY }, // counted, so that ways are
  ]
  if (session === undefined) return all
  const from = lastEventId === undefined ? undefined : openEventId(lastEventId)
  const one = from?.kind === 'call' ? [] : [{ key: `stream ${session.token}`, most: 1 }]
  return [...all, { key: sessionKey(session.token), most: MOST_OF_CALLER }, ...one]
}

export class Streams {
  readonly #ports: StreamPorts
  /** By cluster, and by the way that callers have come. Bounded by the clusters that are listened to and `MOST_WAYS`. */
  readonly #watches = new Map<string, ClusterWatch>()
  readonly #open = new Map<CallerStream, Open>() // bounded by the limits above
  readonly #begun = new Set<Begun>() // bounded by them, too
  readonly #counts = new Map<string, number>() // by what they are limited by, of these
  readonly resources = new SessionResources()
  /** From then on none is opened, and none is open. */
  #endMs = Number.POSITIVE_INFINITY
  #isLooking = false

  constructor(ports: StreamPorts) {
    this.#ports = ports
  }

  readonly open = async (
    call: Listening,
  ): Promise<{ readonly stream: OpenStream } | { readonly refusal: Refusal }> => {
    const keys = capsOf(call)
    if (this.#ports.nowMs() >= this.#endMs)
      return { refusal: { code: 'RINGMAIN_DRAINING', retryAfterMs: 1_000 } }
    if (keys.some(cap => this.#isReached(cap)) || this.#isOneWayTooMany(call))
      return { refusal: { code: 'RINGMAIN_TOO_MANY_STREAMS', retryAfterMs: RETRY_AFTER_MS } }
    for (const { key } of keys) this.#count(key, 1)
    const release = (): void => {
      for (const { key } of keys) this.#count(key, -1)
    }
    const begun: Begun = { sessionToken: call.session?.token, isForgotten: false }
    this.#begun.add(begun)
    const opening = await this.#prepare(call, begun)
      .catch((error: unknown) => {
        release()
        throw error
      })
      .finally(() => this.#begun.delete(begun))
    if ('refusal' in opening) {
      release()
      return opening
    }
    const { stream } = opening
    stream.onOver(release)
    const open: Open = { ...opening, server: call.server }
    return { stream: { run: () => this.#run(open), cut: () => stream.cut() } }
  }

  /** A caller of this session is there and listens. */
  hasOpen(sessionToken: string): boolean {
    return this.#counts.has(sessionKey(sessionToken))
  }

  /** Every stream ends within that time, not all at one moment: their callers come back, to here until somebody sends them elsewhere. */
  drain(overMs: number): void {
    this.#endMs = this.#ports.nowMs() + overMs
    for (const open of this.#open.values()) this.#endInTime(open)
  }

  /** The session has ended: nobody may hear more of it. */
  forget(sessionToken: string): void {
    this.resources.forget(sessionToken)
    for (const begun of this.#begun)
      if (begun.sessionToken === sessionToken) begun.isForgotten = true
    for (const { end, sessionToken: token } of this.#open.values())
      if (token === sessionToken) end()
  }

  close(): void {
    this.#endMs = Number.NEGATIVE_INFINITY
    for (const watch of this.#watches.values()) watch.close()
    for (const stream of this.#open.keys()) stream.cut()
  }

  async #prepare(call: Listening, begun: Begun): Promise<Opening> {
    const { caller } = call
    const ground: Ground = {
      ports: this.#ports,
      watchOf: (name, by) => this.#watchOf(name, by),
      resources: this.resources,
    }
    const newStream = (): CallerStream => new CallerStream(caller, this.#ports.after, LIMITS)
    const opening = await (call.era === 'modern' ? openModern : openLegacy)(call, ground, newStream)
    if (!begun.isForgotten || 'refusal' in opening) return opening
    opening.stream.forsake()
    return { refusal: ENDED_MEANWHILE }
  }

  async #run(open: Open): Promise<'caller_gone' | undefined> {
    const { stream, first, begin, end } = open
    const { observe } = this.#ports
    this.#open.set(stream, open)
    this.#look()
    if (this.#endMs < Number.POSITIVE_INFINITY) this.#endInTime(open)
    observe.began()
    const running = stream.run(first, end)
    begin?.()
    await running
    observe.ended()
    this.#open.delete(stream)
    for (const [name, watch] of this.#watches) if (watch.isIdle) this.#watches.delete(name)
    return stream.broken
  }

  #endInTime({ stream, end }: Open): void {
    const leftMs = Math.max(0, this.#endMs - this.#ports.nowMs())
    stream.onOver(this.#ports.after(leftMs * this.#ports.random(), end))
  }

  /** A caller whose virtual server is another one is told so and comes back, to what there is now. */
  #look(): void {
    if (this.#isLooking || this.#open.size === 0) return
    this.#isLooking = true
    this.#ports.after(LOOK_MS, () => {
      this.#isLooking = false
      for (const open of this.#open.values()) {
        const server = this.#ports.server(open.server.name)
        if (server === open.server) continue
        if (isDeepStrictEqual(server, open.server)) {
          open.server = server as VirtualServerPolicy
          continue
        }
        open.offeredAnew()
        open.end()
      }
      this.#look()
    })
  }

  /** One for all who have come the same way: most have come through no other router. */
  #watchOf(name: string, by: By): ClusterWatch {
    const key = `${name} ${viaIn(by)}`
    const watch = this.#watches.get(key) ?? new ClusterWatch(name, this.#ports, by)
    this.#watches.set(key, watch)
    return watch
  }

  #isReached({ key, most }: Cap): boolean {
    return (this.#counts.get(key) ?? 0) >= most
  }

  #isOneWayTooMany(call: Listening): boolean {
    if (this.#counts.has(wayKey(call))) return false
    return [...this.#counts.keys()].filter(key => key.startsWith(WAY)).length >= MOST_WAYS
  }

  #count(key: string, more: number): void {
    const count = (this.#counts.get(key) ?? 0) + more
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
  }
}
