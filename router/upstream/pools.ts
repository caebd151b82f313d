// One connection pool a replica, made when the first call needs it and closed when the replica has left the set.
// Limits on calls are the cluster's; the pool only keeps connections.
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

export class Pools {
  readonly #pools = new Map<Endpoint, Pool>() // bounded by the endpoints in the table
  readonly #closing = new Map<Pool, Promise<void>>() // bounded by the endpoints that left with calls under way

  /** One guard for all replicas of a cluster; gone with its policy. */
  readonly #guards = new WeakMap<Reach, AddressGuard>()

  get size(): number {
    return this.#pools.size
  }

  of(endpoint: Endpoint): Pool {
    const known = this.#pools.get(endpoint)
    if (known !== undefined) return known
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
