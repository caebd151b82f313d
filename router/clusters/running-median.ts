// The median of a stream of times in constant space: it steps towards each sample by a share of itself, as often up as down once it
// stands in the middle. One slow answer moves it no further than one that is slower by a hair.

/** Share of itself by which it moves: 5 % follow a change of the tool within some tens of calls. */
const STEP = 0.05
/** It halves in so long without a sample. */
const HALF_LIFE_MS = 10_000

export class RunningMedian {
  #ms = 0
  #stampMs = 0

  add(sampleMs: number, nowMs: number): void {
    const before = this.at(nowMs)
    if (before === 0) this.#ms = sampleMs
    else if (sampleMs > before) this.#ms = Math.min(sampleMs, before * (1 + STEP))
    else this.#ms = Math.max(sampleMs, before * (1 - STEP))
    this.#stampMs = nowMs
  }

  at(nowMs: number): number {
    return this.#ms * 0.5 ** ((nowMs - this.#stampMs) / HALF_LIFE_MS)
  }
}
