// A moving average of times that a longer one moves at once and a shorter one by and by (peak EWMA): who has become slow is known with
// the first answer that shows it.

/** Decay: Finagle, Linkerd and Envoy all take ten seconds. */
const DECAY_MS = 10_000
/** What is not heard of for so long may have become another: the next time that comes stands alone, however long those before it were. */
const UNHEARD_MS = 5_000
/** Assumed before the first time, and never less. */
export const LEAST_MS = 1

export class PeakAverage {
  #ms = LEAST_MS
  #stampMs = 0

  /** Above the average it counts at once, below it sinks in, or stands alone where it may. */
  add(sampleMs: number, nowMs: number, mayStandAlone = true): void {
    const keep = Math.exp(-(nowMs - this.#stampMs) / DECAY_MS)
    const isAlone = (mayStandAlone && this.isUnheard(nowMs)) || sampleMs > this.at(nowMs)
    this.#ms = isAlone ? sampleMs : this.#ms * keep + sampleMs * (1 - keep)
    this.#stampMs = nowMs
  }

  isUnheard(nowMs: number): boolean {
    return nowMs - this.#stampMs > UNHEARD_MS
  }

  /** As of now: what is idle forgets, or one failure would keep it out for ever. */
  at(nowMs: number): number {
    const faded = this.#ms * Math.exp(-(nowMs - this.#stampMs) / DECAY_MS)
    return faded > LEAST_MS ? faded : LEAST_MS
  }

  begin(nowMs: number): void {
    this.#ms = LEAST_MS
    this.#stampMs = nowMs
  }
}
