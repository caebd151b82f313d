// One connection pool a replica, made when the first call needs it and closed when the replica has left the set.
// Limits on calls are the cluster's; the pool only keeps connections.
import { Pool } from 'undici'
import type { Endpoint } from '#router/clusters/endpoint.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** Node servers close an idle connection after five seconds and say so; this is the most that is believed of any. */
const KEEP_ALIVE_MOST_MS = 60_000
/** Largest header block taken from a replica. */
const HEADER_BYTES = 16_384

export class Pools {
  readonly #pools = new Map<Endpoint, Pool>() // bounded by the endpoints in the table

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
      connect: { timeout: CONNECT_TIMEOUT_MS, autoSelectFamily: true },
    })
    this.#pools.set(endpoint, pool)
    return pool
  }

  /** Lets calls in flight finish, then closes. */
  release(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint)
    if (pool === undefined) return
    this.#pools.delete(endpoint)
    void pool.close().catch(() => pool.destroy())
  }

  /** Closes every connection now. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map(pool => pool.destroy()))
  }
}
