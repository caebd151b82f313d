// Sessions of the router's own at legacy servers that wait for the next call which may go on in them. Each carries one call at a time, and
// is given back only where nothing of that is left open. Whose calls may follow each other in one is decided in `contextOf`, and nowhere else.
import type { ActiveTable } from './active-table.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import { type HandshakePorts, handshakeWay } from './open-session.ts'
import type { OwnSession, SessionTerms } from './own-session.ts'
import { endUpstreamSession } from './upstream/legacy-handshake.ts'

/** In all; at one replica, as many as it is given calls at once. */
const MOST = 4_096
/** Servers end sessions that nobody uses after some minutes, and this must be sooner. */
const IDLE_MS = 60_000
/** Servers keep what they sent in a session for as long as it lasts. */
const OLDEST_MS = 600_000
const SWEEP_MS = 1_000
/** For a farewell: nobody waits for it but the end of the router. */
const FAREWELL_MS = 1_000

/** `renewed`: it was opened because the server had forgotten the one that was used again. Closed set: a metric label. */
export type Lent = 'opened' | 'reused' | 'renewed'

export interface PoolPorts extends HandshakePorts {
  readonly active: ActiveTable
  /** Acts once after so long, unless what it returns is called before. */
  readonly after: (ms: number, act: () => void) => () => void
}

interface Where {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
}

interface Idle extends OwnSession, Where {
  readonly key: string
  readonly sinceMs: number
}

/** All callers are one, by the document of the cluster. */
const ANYBODY = 'anybody'

/**
 * What a server keeps in a session for one authorization context must be found by no other. Callers are not identified yet: nobody's session is
 * used again, unless the document says that its servers keep nothing in it.
 */
const contextOf = ({ policy }: Cluster): string | undefined =>
  policy.shareSessions ? ANYBODY : undefined

export class SessionPool {
  readonly #ports: PoolPorts
  readonly #idle = new Set<Idle>() // bounded by MOST; the one that waits longest is the first
  readonly #at = new Map<Endpoint, Set<Idle>>() // bounded by those
  readonly #lent = new Map<string, Record<Lent, number>>() // by cluster; bounded by those that there have been
  #stopSweeping: (() => void) | undefined
  #isClosed = false

  constructor(ports: PoolPorts) {
    this.#ports = ports
  }

  mayShare({ cluster }: Where): boolean {
    return contextOf(cluster) !== undefined
  }

  /** One that waits, for this call alone. */
  borrow(where: Where, terms: SessionTerms): OwnSession | undefined {
    const key = keyOf(where, terms)
    const waiting = this.#at.get(where.endpoint)
    if (key === undefined || waiting === undefined) return undefined
    const found = [...waiting].findLast(one => one.key === key)
    if (found === undefined) return undefined
    if (!isGood(found, this.#ports.nowMs())) {
      this.#end(found)
      return undefined
    }
    this.#take(found)
    this.#count(where, 'reused')
    return found
  }

  /** None waited that the call could go on in. */
  opened(where: Where, how: 'opened' | 'renewed'): void {
    this.#count(where, how)
  }

  /** A call in it has had its answer, and nothing else is under way. */
  giveBack({ cluster, endpoint }: Where, terms: SessionTerms, session: OwnSession): void {
    const key = keyOf({ cluster, endpoint }, terms)
    const { context, openedMs } = session
    const sinceMs = this.#ports.nowMs()
    const idle: Idle = { cluster, endpoint, context, openedMs, sinceMs, key: key ?? '' }
    if (key === undefined || this.#isClosed || !isGood(idle, sinceMs)) return void this.#leave(idle)
    this.#idle.add(idle)
    const there = this.#at.get(endpoint) ?? new Set()
    this.#at.set(endpoint, there)
    there.add(idle)
    const most = endpoint.mostOf(cluster.policy.connections.perEndpoint)
    if (there.size > most) this.#endFirst(there)
    if (this.#idle.size > MOST) this.#endFirst(this.#idle)
    this.#stopSweeping ??= this.#ports.after(SWEEP_MS, this.#sweep)
  }

  /** The replica does not know one that was used there again: whoever forgets one has been begun anew, and forgot them all. */
  forgotten({ endpoint }: Where): void {
    for (const one of this.#at.get(endpoint) ?? []) this.#end(one)
  }

  /** How many wait, by cluster. */
  idle(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { cluster } of this.#idle)
      counts.set(cluster.policy.name, (counts.get(cluster.policy.name) ?? 0) + 1)
    return counts
  }

  /** What calls have been given, by cluster. */
  get lent(): ReadonlyMap<string, Readonly<Record<Lent, number>>> {
    return this.#lent
  }

  /** What is given back from now on is ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopSweeping?.()
    const leaving = [...this.#idle].map(one => {
      this.#take(one)
      return this.#leave(one)
    })
    await Promise.all(leaving)
  }

  readonly #sweep = (): void => {
    const nowMs = this.#ports.nowMs()
    for (const one of this.#idle)
      if (nowMs - one.sinceMs >= IDLE_MS || !isGood(one, nowMs)) this.#end(one)
    this.#stopSweeping =
      this.#idle.size === 0 ? undefined : this.#ports.after(SWEEP_MS, this.#sweep)
  }

  #count({ cluster: { policy } }: Where, how: Lent): void {
    const counts = this.#lent.get(policy.name) ?? { opened: 0, reused: 0, renewed: 0 }
    counts[how] += 1
    this.#lent.set(policy.name, counts)
  }

  #endFirst(waiting: ReadonlySet<Idle>): void {
    for (const one of waiting) return this.#end(one)
  }

  #end(one: Idle): void {
    this.#take(one)
    void this.#leave(one)
  }

  #take(one: Idle): void {
    this.#idle.delete(one)
    const there = this.#at.get(one.endpoint)
    there?.delete(one)
    if (there?.size === 0) this.#at.delete(one.endpoint)
  }

  /** Said to the replica that is called so now: a newer table has other objects for it. Who is gone or down is told nothing. */
  async #leave({ cluster: { policy }, endpoint: { key }, context }: Idle): Promise<void> {
    const cluster = this.#ports.active.cluster(policy.name)
    const endpoint = cluster?.endpoint(key)
    if (cluster === undefined || endpoint === undefined || endpoint.health === 'down') return
    await endUpstreamSession(handshakeWay(this.#ports, { cluster, endpoint }, FAREWELL_MS), context)
  }
}

/** A server may show other tools to who can be asked other things, and fixes both when a session begins. */
function keyOf(
  { cluster }: Where,
  { version, client, capabilities }: SessionTerms,
): string | undefined {
  const context = contextOf(cluster)
  return context === undefined
    ? undefined
    : JSON.stringify([context, version, client.name, client.version, capabilities])
}

/** Not that of a replica which is given no calls, or was away since: it may have been begun anew. */
const isGood = ({ endpoint, openedMs }: Idle, nowMs: number): boolean =>
  endpoint.isRoutable &&
  !endpoint.isEjected &&
  openedMs >= endpoint.upSinceMs &&
  nowMs - openedMs < OLDEST_MS
