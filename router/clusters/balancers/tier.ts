// The replicas that are equally near, in the order in which this router prefers them. Their list changes one at a time and in
// place; what a choice needs of it is made anew by the next choice.
import type { Endpoint } from '../endpoint.ts'
import { type Now, pickEndpoint } from './peak-ewma.ts'
import { subsetSize } from './rendezvous.ts'
import { type MayTake, Shares } from './shares.ts'

export interface Ranked {
  readonly endpoint: Endpoint
  readonly score: number
  /** Breaks a tie. */
  readonly key: string
}

export class Tier {
  /** 0 is the nearest. */
  readonly level: number
  /** Known to be of this tier, whether they serve or not. */
  members = 0
  /** Those of them that may take calls as far as checks and ejections go. */
  healthy = 0
  /** Of the calls, the part that is asked of this tier first. */
  load = 0
  /** In service, by score. Bounded by the endpoints of the cluster. */
  readonly #ranks: Ranked[] = []
  readonly #list: Endpoint[] = []
  readonly #shares = new Shares()
  #isStale = true

  constructor(level: number) {
    this.level = level
  }

  get serving(): number {
    return this.#list.length
  }

  add(ranked: Ranked): void {
    const place = this.#placeOf(ranked)
    this.#ranks.splice(place, 0, ranked)
    this.#list.splice(place, 0, ranked.endpoint)
    this.#isStale = true
  }

  remove(ranked: Ranked): void {
    const place = this.#placeOf(ranked)
    this.#ranks.splice(place, 1)
    this.#list.splice(place, 1)
    this.#isStale = true
  }

  /** A weight, or whether one may take calls. */
  changed(): void {
    this.#isStale = true
  }

  /** Of the subset; of all where none of it may take the call. */
  pick(mayTake: MayTake, now: Now): Endpoint | undefined {
    if (this.#isStale || this.#shares.isOutdated(now.nowMs)) this.#fill(mayTake, now)
    const picked = pickEndpoint(this.#shares, mayTake, now)
    if (picked !== undefined || this.#shares.length === this.#list.length) return picked
    this.#fill(mayTake, now)
    return pickEndpoint(this.#shares, mayTake, now)
  }

  #fill(mayTake: MayTake, { nowMs }: Now): void {
    this.#shares.fill(this.#list, subsetSize(this.#list.length), mayTake, nowMs)
    this.#isStale = false
  }

  /** Where it stands, or would. */
  #placeOf({ score, key }: Ranked): number {
    let low = 0
    let high = this.#ranks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { score: other, key: otherKey } = this.#ranks[middle] as Ranked
      if (other < score || (other === score && otherKey < key)) low = middle + 1
      else high = middle
    }
    return low
  }
}
