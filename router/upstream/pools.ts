// One connection pool a replica, made when the first call needs it and closed when the replica has left the set, or when very
// many others were used since. Limits on calls are the cluster's; the pool only keeps connections.
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Endpoint, Reach } from '#router/clusters/endpoint.ts'
import { type AddressGuard, createAddressGuard } from './address-guard.ts'
import { guardedConnect } from './guarded-connect.ts'

/** Node servers close an idle connection after five seconds and say so; this is the most that is believed of any. */
const KEEP_ALIVE_MOST_MS = 60_000
/** Largest header block taken from a replica. */
const HEADER_BYTES = 16_384
/** How long the last words to replicas may take: the ends of sessions that nobody else would end. */
const FAREWELL_MS = 1_000
/** Pools that are kept: each weighs 18 KiB, and one that only checks use has lost its connection before the next of them. */
export const MOST_POOLS = 1_024
/** From here on a check's connection is closed when it is done: undici lets those that idle go all at once, some 200 in a turn. */
const MANY_POOLS = 256
/** How many are looked at for one that can be closed: those that are used least are seldom busy. */
const MOST_LOOKED_AT = 8

export class Pools {
  /** The one used last comes last. Bounded by `MOST_POOLS` and the calls under way. */
  readonly #pools = new Map<Endpoint, Pool>()
  readonly #closing = new Map<Pool, Promise<void>>() // bounded by the endpoints that left with calls under way

  readonly #callsAtCheck = new WeakMap<Endpoint, number>()
  /** One guard for all replicas of a cluster; gone with its policy. */
  readonly #guards = new WeakMap<Reach, AddressGuard>()

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
    const pool = new Pool(endpoint.origin, {
      allowH2: false,
      pipelining: 1,
      keepAliveMaxTimeout: KEEP_ALIVE_MOST_MS,
      maxHeaderSize: HEADER_BYTES,
      connect: guardedConnect({ guard: this.#guardOf(endpoint.reach), tls: endpoint.reach.tls }),
    })
    this.#pools.set(endpoint, pool)
    return pool
  }

  /** A check of it is done. Its connection is no use to anybody where no call came since the check before. */
  checked(endpoint: Endpoint): void {
    const { calls } = endpoint
    const isCalled = calls > (this.#callsAtCheck.get(endpoint) ?? 0)
    this.#callsAtCheck.set(endpoint, calls)
    if (this.#pools.size > MANY_POOLS && !isCalled) this.release(endpoint)
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

  #guardOf(reach: Reach): AddressGuard {
    const known = this.#guards.get(reach)
    if (known !== undefined) return known
    const guard = createAddressGuard(reach.addresses.allow)
    this.#guards.set(reach, guard)
    return guard
  }

  /** Lets calls in flight finish, then closes. */
  release(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint)
    if (pool === undefined) return
    this.#pools.delete(endpoint)
    const closed = pool
      .close()
      .catch(() => pool.destroy())
      .finally(() => this.#closing.delete(pool))
    this.#closing.set(pool, closed)
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
