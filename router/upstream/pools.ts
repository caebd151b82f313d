// One connection pool a replica, made when the first call needs it and closed when the replica has left the set, or when very
// many others were used since. Limits on calls are the cluster's; the pool only keeps connections. A check among many replicas
// has a connection of its own, since no call would come while it still stands.
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, systemClock } from '#foundation/clock.ts'
import type { Endpoint, Reach } from '#router/clusters/endpoint.ts'
import { afterReads, DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { type AddressGuard, createAddressGuard } from './address-guard.ts'
import { type Connect, guardedConnect } from './guarded-connect.ts'
import { createHostLookup } from './host-lookup.ts'
import { Outbox } from './http1/outbox.ts'
import {
  ReplicaConnections,
  type RequestWay,
  type SharedPorts,
} from './http1/replica-connections.ts'
import { Turns } from './turns.ts'

/** How often it is asked which connections are over their time: what one of them may wait for an answer is seconds. */
const TICK_MS = 50
/** How long the last words to replicas may take: the ends of sessions that nobody else would end. */
const FAREWELL_MS = 1_000
/** Replicas whose connections are kept. */
export const MOST_POOLS = 1_024
/** From here on a check keeps no connection: the next check comes long after its replica has closed it. */
const MANY_POOLS = 256
/** How many are looked at for one that can be closed: those that are used least are seldom busy. */
const MOST_LOOKED_AT = 8

/** What requests to replicas go through. */
export interface Connections {
  readonly of: (endpoint: Endpoint) => RequestWay
  /** What comes back on all of them takes turns, whoever reads it. */
  readonly turns: Turns
  /** The endpoint has left. */
  readonly release: (endpoint: Endpoint) => void
}

export class Pools implements Connections {
  readonly turns = new Turns()
  /** The one used last comes last. Bounded by `MOST_POOLS` and the calls under way. */
  readonly #pools = new Map<Endpoint, ReplicaConnections>()
  readonly #closing = new Map<ReplicaConnections, Promise<void>>() // bounded by the endpoints that left with calls under way, and the checks
  readonly #resolve = createHostLookup()
  /** For all replicas of a cluster; gone with its policy. */
  readonly #ways = new WeakMap<Reach, Way>()
  readonly #shared: SharedPorts

  constructor({ nowMs }: Clock = systemClock) {
    const wheel = new DeadlineWheel(nowMs, TICK_MS, afterReads)
    this.#shared = { nowMs, wheel, outbox: new Outbox() }
  }

  get size(): number {
    return this.#pools.size
  }

  of(endpoint: Endpoint): ReplicaConnections {
    const known = this.#pools.get(endpoint)
    if (known !== undefined) {
      if (this.#pools.size >= MOST_POOLS / 2) this.#putLast(endpoint, known) // before that, order says nothing
      return known
    }
    this.#makeRoom()
    const pool = this.#open(endpoint)
    this.#pools.set(endpoint, pool)
    return pool
  }

  /** For one check; `end` it once the check is done. */
  forCheck(endpoint: Endpoint): Connections & { readonly end: () => void } {
    const isOwn = this.#pools.size >= MANY_POOLS && !this.#pools.has(endpoint)
    if (!isOwn)
      return {
        of: this.of.bind(this),
        release: this.release.bind(this),
        turns: this.turns,
        end: () => undefined,
      }
    const own = this.#open(endpoint)
    const { turns } = this
    return { of: () => own, release: () => undefined, turns, end: () => this.#close(own) }
  }

  #putLast(endpoint: Endpoint, pool: ReplicaConnections): void {
    this.#pools.delete(endpoint)
    this.#pools.set(endpoint, pool)
  }

  #makeRoom(): void {
    let looks = Math.min(MOST_LOOKED_AT, this.#pools.size)
    for (const [endpoint, pool] of this.#pools) {
      if (this.#pools.size < MOST_POOLS || looks === 0) return
      looks -= 1
      if (pool.isIdle) this.release(endpoint)
      else this.#putLast(endpoint, pool)
    }
  }

  #open({ origin, reach }: Endpoint): ReplicaConnections {
    const { guard, plain } = this.#wayOf(reach)
    const url = new URL(origin)
    const isTls = url.protocol === 'https:'
    const target = {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port) || (isTls ? 443 : 80),
      isTls,
    }
    // A TLS session is resumed with the replica that gave it, or not at all.
    const connect = isTls
      ? guardedConnect({ guard, tls: reach.tls, resolve: this.#resolve })
      : plain
    return new ReplicaConnections(url.host, connection => connect(target, connection), this.#shared)
  }

  #wayOf(reach: Reach): Way {
    const known = this.#ways.get(reach)
    if (known !== undefined) return known
    const guard = createAddressGuard(reach.addresses.allow)
    const way = { guard, plain: guardedConnect({ guard, resolve: this.#resolve }) }
    this.#ways.set(reach, way)
    return way
  }

  /** Lets calls in flight finish, then closes. */
  release(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint)
    if (pool === undefined) return
    this.#pools.delete(endpoint)
    this.#close(pool)
  }

  #close(pool: ReplicaConnections): void {
    this.#closing.set(
      pool,
      pool.close().then(() => void this.#closing.delete(pool)),
    )
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
    for (const pool of closing.keys()) pool.destroy()
  }
}

interface Way {
  readonly guard: AddressGuard
  readonly plain: Connect
}
