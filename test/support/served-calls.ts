// Calls that come at random and are served by replicas with a given number of slots, each first come first served: what a
// balancer meets again is what it chose itself. Event by event, on a clock of its own, decided by a seed.
import { type Random, seededRandom } from '#foundation/clock.ts'
import { Balancer } from '#router/clusters/balancers/balancer.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from './cluster-policy.ts'

export interface Load {
  readonly weights: readonly number[]
  /** Calls in flight, all together, where every replica answers in the usual time. */
  readonly inFlight: number
  readonly seed: number
  readonly calls?: number
  /** Replicas, by their place, that answer in this multiple of the usual time. */
  readonly slower?: ReadonlyMap<number, number>
  /** Replicas, by their place, that fail within a millisecond. */
  readonly failing?: ReadonlySet<number>
  /** Calls that a replica serves at once. */
  readonly slots?: number
  /** Every call takes the usual time, and not that on average. */
  readonly isEven?: boolean
  /** Before this nothing is counted. */
  readonly fromMs?: number
}

export interface Outcome {
  /** Of the calls, by the place of the replica. */
  readonly shares: readonly number[]
  readonly p99: number
}

const USUAL_MS = 20
const LONG_UP_MS = -60_000

interface Site {
  readonly endpoint: Endpoint
  readonly timeMs: number
  readonly isFailing: boolean
  /** Calls that wait for a slot there, by when they came. */
  readonly queue: number[]
  busy: number
  count: number
}

interface Served {
  readonly site: Site
  readonly cameMs: number
  readonly endMs: number
}

export function serveCalls(load: Load): Outcome {
  const play = new Play(load)
  return play.run()
}

class Play {
  readonly #load: Load
  readonly #random: Random
  readonly #sites = new Map<Endpoint, Site>()
  /** In order of their ends. */
  readonly #served: Served[] = []
  readonly #balancer: Balancer
  readonly #timesMs: number[] = []

  constructor(load: Load) {
    this.#load = load
    this.#random = seededRandom(load.seed)
    this.#balancer = new Balancer({ tierOf: () => 0, seed: load.seed })
    for (const [place, weight] of load.weights.entries()) {
      const endpoint = new Endpoint(instanceAt(8_000 + place, { weight }))
      endpoint.becomeUp(LONG_UP_MS)
      const timeMs = USUAL_MS * (load.slower?.get(place) ?? 1)
      const isFailing = load.failing?.has(place) === true
      this.#sites.set(endpoint, { endpoint, timeMs, isFailing, queue: [], busy: 0, count: 0 })
      this.#balancer.update(endpoint, 'serves')
    }
  }

  run(): Outcome {
    const { inFlight, calls = 40_000 } = this.#load
    let nowMs = 0
    for (let call = 0; call < calls; call += 1) {
      nowMs -= Math.log(1 - this.#random()) * (USUAL_MS / inFlight)
      while ((this.#served[0]?.endMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#endFirst()
      this.#send(nowMs)
    }
    const counts = [...this.#sites.values()].map(({ count }) => count)
    const counted = counts.reduce((sum, count) => sum + count, 0)
    const times = this.#timesMs.sort((one, other) => one - other)
    return {
      shares: counts.map(count => count / counted),
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
    }
  }

  #send(nowMs: number): void {
    const { fromMs = 0, slots = Number.POSITIVE_INFINITY } = this.#load
    const picked = this.#balancer.pick(() => true, { nowMs, random: this.#random })
    const site = picked === undefined ? undefined : this.#sites.get(picked)
    if (site === undefined) throw new Error('every replica may take a call, and none was picked')
    if (nowMs > fromMs) site.count += 1
    site.endpoint.inFlight += 1
    if (site.busy < slots) this.#begin(site, nowMs, nowMs)
    else site.queue.push(nowMs)
  }

  #begin(site: Site, cameMs: number, nowMs: number): void {
    const usual = this.#load.isEven === true ? 1 : -Math.log(1 - this.#random())
    const endMs = nowMs + (site.isFailing ? 1 : usual * site.timeMs)
    site.busy += 1
    const after = this.#served.findIndex(other => other.endMs > endMs)
    this.#served.splice(after < 0 ? this.#served.length : after, 0, { site, cameMs, endMs })
  }

  #endFirst(): void {
    const served = this.#served.shift()
    if (served === undefined) return
    const { site, cameMs, endMs } = served
    const tookMs = endMs - cameMs
    site.endpoint.inFlight -= 1
    site.busy -= 1
    if (site.isFailing) site.endpoint.penalise(tookMs, endMs)
    else site.endpoint.observe(tookMs, endMs)
    if (!site.isFailing && cameMs > (this.#load.fromMs ?? 0)) this.#timesMs.push(tookMs)
    const next = site.queue.shift()
    if (next !== undefined) this.#begin(site, next, endMs)
  }
}
