// Which endpoints of one cluster traffic itself has taken out, how many may be out at once, and when they take calls all the same.
// Health checks have no say in it: a good one proves that the endpoint speaks, and its calls may fail for all that.
import type { Clock, Random } from '#foundation/clock.ts'
import { type ClusterPolicy, ERAS, type Era } from '#routes/route-table.ts'
import type { Endpoint } from '../endpoint.ts'
import type { HeldBreaker } from '../override.ts'
import type { ReplicaNews } from '../replica-news.ts'
import type { ServingSets } from '../serving-sets.ts'
import { type EjectionReason, EndpointBreaker, type Verdict } from './endpoint-breaker.ts'

type EjectionsPolicy = Pick<ClusterPolicy, 'ejection' | 'clearance' | 'timeouts'>

export interface EjectionsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly serving: Pick<ServingSets, 'of' | 'has' | 'ready'>
  readonly news: Pick<ReplicaNews, 'ejected' | 'halfOpen' | 'restored'>
  /** It is out, may be tried, or is back. */
  readonly onChanged: (endpoint: Endpoint) => void
}

/** A call waits for its first byte no longer than the cluster allows; so much later a probe is lost. */
const PROBE_GRACE_MS = 1_000

export class Ejections {
  /** Since the cluster was opened, by hand or not. */
  readonly counts: Record<EjectionReason, number> = {
    consecutive_faults: 0,
    success_rate: 0,
    probe_failed: 0,
    forced: 0,
  }
  readonly #policy: EjectionsPolicy
  readonly #ports: EjectionsPorts
  /** Open or half-open. Bounded by the endpoints, as the next one is. */
  readonly #out = new Set<Endpoint>()
  /** Half-open and without a probe. */
  readonly #probeable = new Set<Endpoint>()
  /** Whether those that are out take calls of an era all the same; reckoned anew after a change. */
  readonly #panics: Record<Era, boolean> = { legacy: false, modern: false }
  #isOutdated = false

  constructor(policy: EjectionsPolicy, ports: EjectionsPorts) {
    this.#policy = policy
    this.#ports = ports
  }

  /** Open or half-open, by the health of their checks or not. */
  get out(): ReadonlySet<Endpoint> {
    return this.#out
  }

  /** Who serves has changed. */
  outdated(): void {
    this.#isOutdated = true
  }

  /**
   * Fewer than half of the era's endpoints would be left: then those that are out are likelier to answer than the others are to carry
   * everything. Restricted data goes to no endpoint that is known to be bad; its calls fail instead. Nobody's calls go to one that is
   * held open by hand.
   */
  isPanic(era: Era): boolean {
    if (this.#out.size === 0 || this.#policy.clearance === 'restricted') return false
    if (this.#isOutdated) this.#reckon()
    return this.#panics[era]
  }

  /** An endpoint of this era that is to be tried with the next call that it may take; it is promised to whoever asks. */
  probe(era: Era, mayTake: (endpoint: Endpoint) => boolean): Endpoint | undefined {
    const { serving } = this.#ports
    for (const endpoint of this.#probeable) {
      const isFree = endpoint.breaker?.mayProbe === true // or a call that was bound to it has become the probe
      if (isFree && !(serving.has(endpoint, era) && mayTake(endpoint))) continue
      this.#probeable.delete(endpoint)
      if (!isFree) continue
      endpoint.breaker?.reserve()
      return endpoint
    }
    return undefined
  }

  get hasProbes(): boolean {
    return this.#probeable.size > 0
  }

  /** Who was chosen does not send after all. */
  forgo(endpoint: Endpoint): void {
    endpoint.breaker?.forgo()
  }

  /** A call begins; the ticket is for `heard` and `settle`. */
  begin({ breaker }: Endpoint): number {
    return breaker === undefined ? 0 : breaker.begin()
  }

  heard({ breaker }: Endpoint, ticket: number): void {
    breaker?.heard(ticket)
  }

  settle(endpoint: Endpoint, ticket: number, verdict: Verdict): void {
    if (endpoint.isRemoved) return
    if (endpoint.breaker === undefined && verdict === 'none') return
    this.breakerOf(endpoint).settle(ticket, verdict, this.#ports.clock.nowMs())
  }

  /** Its own from its first answer on: one that is never called has none. */
  breakerOf(endpoint: Endpoint): EndpointBreaker {
    endpoint.breaker ??= this.#opened(endpoint)
    return endpoint.breaker
  }

  /** By hand, until it is undefined again. */
  hold(endpoint: Endpoint, held: HeldBreaker | undefined): void {
    if (endpoint.breaker?.held === held) return
    const breaker = this.breakerOf(endpoint)
    if (held === 'open') breaker.forceOpen()
    else if (held === 'closed') breaker.forceClose()
    else breaker.reset()
  }

  remove(endpoint: Endpoint): void {
    endpoint.breaker?.close()
    this.#out.delete(endpoint)
    this.#probeable.delete(endpoint)
    this.#isOutdated = true
  }

  close(): void {
    for (const endpoint of this.#out) endpoint.breaker?.close()
    this.#out.clear()
    this.#probeable.clear()
  }

  /** In words, while it is so. */
  notes(): readonly string[] {
    return ERAS.filter(era => this.isPanic(era)).map(
      era => `ejected replicas get ${era} calls all the same: fewer than half would be left`,
    )
  }

  #opened(endpoint: Endpoint): EndpointBreaker {
    const { clock, random, news, onChanged } = this.#ports
    return new EndpointBreaker(
      this.#policy.ejection,
      {
        clock,
        random,
        mayEject: () => this.#mayEject(endpoint),
        onEjected: (why, forMs) => {
          this.#probeable.delete(endpoint)
          this.#setOut(endpoint, true)
          news.ejected(endpoint, why, forMs)
          this.counts[why] += 1
          onChanged(endpoint)
        },
        onHalfOpen: isAnew => {
          this.#probeable.add(endpoint)
          if (!isAnew) news.halfOpen(endpoint)
          onChanged(endpoint)
        },
        onRestored: () => {
          this.#probeable.delete(endpoint)
          this.#setOut(endpoint, false)
          endpoint.warmUp(clock.nowMs())
          news.restored(endpoint)
          onChanged(endpoint)
        },
      },
      this.#policy.timeouts.firstByteMs + PROBE_GRACE_MS,
    )
  }

  #setOut(endpoint: Endpoint, isOut: boolean): void {
    endpoint.isEjected = isOut
    if (isOut) this.#out.add(endpoint)
    else this.#out.delete(endpoint)
    this.#isOutdated = true
  }

  /** Of each era that it serves; who serves none is given nothing that an ejection would keep away. */
  #mayEject(endpoint: Endpoint): boolean {
    const eras = ERAS.filter(era => this.#ports.serving.has(endpoint, era))
    return eras.length > 0 && eras.every(era => this.#hasRoom(era))
  }

  /** Who is down by its checks, or set apart, is no part of the pool that must not be emptied. */
  #hasRoom(era: Era): boolean {
    const { serving } = this.#ports
    const { maxEjected } = this.#policy.ejection
    const pool = serving.of(era).length
    const least = pool >= 2 && maxEjected > 0 ? 1 : 0
    let room = Math.max(least, Math.floor(maxEjected * pool))
    for (const endpoint of this.#out) if (serving.has(endpoint, era)) room -= 1
    return room > 0
  }

  #reckon(): void {
    const { serving } = this.#ports
    for (const era of ERAS) {
      let left = serving.of(era).length
      let mayReturn = false
      for (const endpoint of this.#out) {
        if (!serving.has(endpoint, era)) continue
        left -= 1
        mayReturn ||= endpoint.breaker?.isForced !== true
      }
      this.#panics[era] = mayReturn && 2 * left < serving.ready(era)
    }
    this.#isOutdated = false
  }
}
