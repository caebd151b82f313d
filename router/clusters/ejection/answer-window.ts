// How many of an endpoint's last answers were good, over a time that slides in ten steps. One answer costs the same whatever
// stands in the window: the sums are kept, and a step takes what it drops out of them.

const BUCKETS = 10

export class AnswerWindow {
  readonly #bucketMs: number
  /** Two for each bucket: answers, and those of them that were good. */
  readonly #counts = new Uint32Array(2 * BUCKETS)
  #answers = 0
  #good = 0
  /** Number of the bucket that is filled now, counted from the beginning of the clock. */
  #newest = 0

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS
  }

  add(isGood: boolean, nowMs: number): void {
    this.#slide(nowMs)
    const at = 2 * (this.#newest % BUCKETS)
    this.#counts[at] = this.#at(at) + 1
    this.#answers += 1
    if (!isGood) return
    this.#counts[at + 1] = this.#at(at + 1) + 1
    this.#good += 1
  }

  answers(nowMs: number): number {
    this.#slide(nowMs)
    return this.#answers
  }

  /** 1 when there was none. */
  successRate(nowMs: number): number {
    this.#slide(nowMs)
    return this.#answers === 0 ? 1 : this.#good / this.#answers
  }

  clear(): void {
    this.#counts.fill(0)
    this.#answers = this.#good = 0
  }

  #slide(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs)
    if (bucket <= this.#newest) return
    if (bucket - this.#newest >= BUCKETS) this.clear()
    else for (let next = this.#newest + 1; next <= bucket; next += 1) this.#drop(next % BUCKETS)
    this.#newest = bucket
  }

  #drop(bucket: number): void {
    const at = 2 * bucket
    this.#answers -= this.#at(at)
    this.#good -= this.#at(at + 1)
    this.#counts.fill(0, at, at + 2)
  }

  #at(index: number): number {
    return this.#counts[index] ?? 0
  }
}
