// One connection pool a replica, made when the first call needs it and closed when the replica has left the set, or when very
// many others were used since. Limits on calls are the cluster's; the pool only keeps connections. A check among many replicas
// has a connection of its own, since no call would come while it still stands.
import { setTimeout as pause } from 'node:timers/promises'
import { Client, type Dispatcher, Pool } from 'undici'
import type { Endpoint, Reach } from '#router/clusters/endpoint.ts'
import { type AddressGuard, createAddressGuard } from './address-guard.ts'
import { guardedConnect } from './guarded-connect.ts'
import { createHostLookup, type HostLookup } from './host-lookup.ts'

/** Node servers close an idle connection after five seconds and say so; this is the most that is believed of any. */
const KEEP_ALIVE_MOST_MS = 60_000
/** Largest header block taken from a replica. */
const HEADER_BYTES = 16_384
/** How long the last words to replicas may take: the ends of sessions that nobody else would end. */
const FAREWELL_MS = 1_000
/** Pools that are kept: each weighs 18 KiB. */
export const MOST_POOLS = 1_024
/** From here on a check makes no pool: its connection would be lost before the next check, and its 18 KiB are dear to the collector. */
const MANY_POOLS = 256
/** How many are looked at for one that can be closed: those that are used least are seldom busy. */
const MOST_LOOKED_AT = 8
/** Made once: an error of undici's own for each connection that is closed costs more than closing it. */
const DONE = new Error('the check is done')

/** What requests to replicas go through. */
export interface Connections {
  readonly of: (endpoint: Endpoint) => Dispatcher
  /** The endpoint has left. */
  readonly release: (endpoint: Endpoint) => void
}

export class Pools implements Connections {
  /** The one used last comes last. Bounded by `MOST_POOLS` and the calls under way. */
  readonly #pools = new Map<Endpoint, Pool>()
  readonly #closing = new Map<Pool | Client, Promise<void>>() // bounded by the endpoints that left with calls under way, and the checks
  readonly #resolve = createHostLookup()
  /** For all replicas of a cluster; gone with its policy. */
  readonly #ways = new WeakMap<Reach, Way>()

  get size(): number {
    return this.#pools.size
  }

  of(endpoint: Endpoint): Pool {
    const known = this.#pools.get(endpoint)
    if (known !== undefined) {
      if (this.#pools.size >= MOST_POOLS / 2) this.#putLast(endpoint, known) // before that, order says nothing
      return known
    }
    this.#makeRoom()
    const pool = new Pool(endpoint.origin, this.#optionsFor(endpoint))
    this.#pools.set(endpoint, pool)
    return pool
  }

  /** For one check; `end` it once the check is done. */
  forCheck(endpoint: Endpoint): Connections & { readonly end: () => void } {
    const isOwn = this.#pools.size >= MANY_POOLS && !this.#pools.has(endpoint)
    if (!isOwn)
      return { of: this.of.bind(this), release: this.release.bind(this), end: () => undefined }
    const client = new Client(endpoint.origin, this.#optionsFor(endpoint))
    return {
      of: () => client,
      release: () => undefined,
      end: () => this.#close(client, isIdle(client) ? client.destroy(DONE) : client.close()),
    }
  }

  #putLast(endpoint: Endpoint, pool: Pool): void {
    this.#pools.delete(endpoint)
    this.#pools.set(endpoint, pool)
  }

  #makeRoom(): void {
    let looks = Math.min(MOST_LOOKED_AT, this.#pools.size)
    for (const [endpoint, pool] of this.#pools) {
      if (this.#pools.size < MOST_POOLS || looks === 0) return
      looks -= 1
      const { running, pending, queued } = pool.stats
      if (running + pending + queued > 0) this.#putLast(endpoint, pool)
      else this.release(endpoint)
    }
  }

  #optionsFor({ origin, reach }: Endpoint) {
    const known = this.#ways.get(reach)
    const { guard, plain } = known ?? wayOf(reach, this.#resolve)
    if (known === undefined) this.#ways.set(reach, { guard, plain })
    return {
      allowH2: false,
      pipelining: 1,
      keepAliveMaxTimeout: KEEP_ALIVE_MOST_MS,
      maxHeaderSize: HEADER_BYTES,
      // A TLS session is resumed with the replica that gave it, or not at all.
      connect: origin.startsWith('https:')
        ? guardedConnect({ guard, tls: reach.tls, resolve: this.#resolve })
        : plain,
    }
  }

  /** Lets calls in flight finish, then closes. */
  release(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint)
    if (pool === undefined) return
    this.#pools.delete(endpoint)
    this.#close(pool, pool.close())
  }

  #close(connections: Pool | Client, closing: Promise<void>): void {
    const closed = closing
      .catch(() => connections.destroy())
      .finally(() => this.#closing.delete(connections))
    this.#closing.set(connections, closed)
  }

  /** Closes every connection, after what is still being said, or a moment. */
  async close(): Promise<void> {
    for (const endpoint of this.#pools.keys()) this.release(endpoint)
    const closing = new Map(this.#closing)
    const left = new AbortController()
    await Promise.race([
      Promise.all(closing.values()),
      pause(FAREWELL_MS, undefined, { signal: left.signal }).catch(() => undefined),
    ])
    left.abort()
    await Promise.all([...closing.keys()].map(pool => pool.destroy()))
  }
}

interface Way {
  readonly guard: AddressGuard
  readonly plain: ReturnType<typeof guardedConnect>
}

function wayOf({ addresses }: Reach, resolve: HostLookup): Way {
  const guard = createAddressGuard(addresses.allow)
  return { guard, plain: guardedConnect({ guard, resolve }) }
}

/** What is still being said is said to its end, such as the farewell to a session. */
const isIdle = ({ stats: { running, pending, size } }: Client): boolean =>
  running + pending + size === 0
