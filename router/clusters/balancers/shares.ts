// The shares that replicas have of a pool's calls: weight times slow start, summed up, so that a draw by share is one search.
// Made anew when the pool changed, and each quarter of a second while one of it warms up; in between it costs nothing.
import type { Endpoint } from '../endpoint.ts'

export type MayTake = (endpoint: Endpoint) => boolean

/** In this time a share that grows in slow start grows by less than a hundredth of what it will be. */
export const REFRESH_MS = 250
const FIRST_CAPACITY = 16
/** Of the calls, one in so many may go where others are cheaper, only to find out how a replica does: no more than callers would notice. */
const LOOK_EVERY = 100

export class Shares {
  /** The first `length` count. Bounded by the list it is filled from. */
  readonly #endpoints: Endpoint[] = []
  /** Of the shares up to each and with it. */
  #sums = new Float64Array(FIRST_CAPACITY)
  #length = 0
  #total = 0
  #mean = 0
  #filledMs = Number.NEGATIVE_INFINITY
  #isWarming = false
  #isWidened = false
  #choicesSinceLook = 0
  /** Two that were drawn could not take a call: it may be that few of them can. */
  hasMissed = false

  get length(): number {
    return this.#length
  }

  get total(): number {
    return this.#total
  }

  isOutdated(nowMs: number): boolean {
    if (!this.#isWarming && !this.#isWidened && !this.hasMissed) return false
    return nowMs - this.#filledMs >= REFRESH_MS
  }

  /** Of the list its first `size`, and as many more as it takes until half of `size` may take a call. */
  fill(list: readonly Endpoint[], size: number, mayTake: MayTake, nowMs: number): void {
    let sum = 0
    let able = 0
    let length = 0
    this.#isWarming = false
    for (const endpoint of list) {
      if (length >= size && able * 2 >= size) break
      const warmth = endpoint.slowStart(nowMs)
      if (warmth < 1) this.#isWarming = true
      sum += endpoint.instance.weight * warmth
      if (mayTake(endpoint)) able += 1
      this.#put(length, endpoint, sum)
      length += 1
    }
    this.#endpoints.length = length
    this.#length = length
    this.#total = sum
    this.#mean = length === 0 ? 0 : sum / length
    this.#filledMs = nowMs
    this.#isWidened = length > size
    this.hasMissed = false
  }

  countChoice(): void {
    this.#choicesSinceLook += 1
  }

  /** True for one that was drawn and is too dear by what was heard of it last, which was long ago. Or one late answer would keep it out until that has faded. */
  looksAgainAt(index: number, nowMs: number): boolean {
    if (this.#choicesSinceLook < LOOK_EVERY || !this.at(index).isWorthALook(nowMs)) return false
    this.#choicesSinceLook = 0
    return true
  }

  at(index: number): Endpoint {
    return this.#endpoints[index] as Endpoint
  }

  shareAt(index: number): number {
    return (this.#sums[index] ?? 0) - (index === 0 ? 0 : (this.#sums[index - 1] ?? 0))
  }

  /** What one call more than it carries, or none, costs at this one. */
  costAt(index: number, nowMs: number, more: 0 | 1): number {
    return this.at(index).cost(nowMs, more, this.shareAt(index) / this.#mean)
  }

  /** Which of them `chance`, from 0 to 1, falls upon. */
  draw(chance: number): number {
    return this.#find(chance * this.#total)
  }

  /** The same among all but one. */
  drawOther(index: number, chance: number): number {
    const share = this.shareAt(index)
    const point = chance * (this.#total - share)
    const before = (this.#sums[index] ?? 0) - share
    return this.#find(point < before ? point : point + share)
  }

  #find(point: number): number {
    let low = 0
    let high = this.#length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sums[middle] ?? 0) > point) high = middle
      else low = middle + 1
    }
    return low
  }

  #put(index: number, endpoint: Endpoint, sum: number): void {
    if (index === this.#sums.length) {
      const wider = new Float64Array(2 * index)
      wider.set(this.#sums)
      this.#sums = wider
    }
    this.#endpoints[index] = endpoint
    this.#sums[index] = sum
  }
}
