// Before a router refuses calls its callers are let go, one after another: those who keep a connection would otherwise find out all at
// once that they must connect anew.
import type { Random } from '#foundation/clock.ts'

export class Parting {
  readonly #nowMs: () => number
  readonly #random: Random
  #fromMs = Number.POSITIVE_INFINITY
  #overMs = 1

  constructor(nowMs: () => number, random: Random) {
    this.#nowMs = nowMs
    this.#random = random
  }

  get hasBegun(): boolean {
    return this.#fromMs !== Number.POSITIVE_INFINITY
  }

  /** From `afterMs` on, and all of them once `overMs` more have passed. */
  begin(afterMs: number, overMs: number): void {
    this.#fromMs = this.#nowMs() + afterMs
    this.#overMs = Math.max(1, overMs)
  }

  /** Whether the connection of this answer is kept for another request: rarer and rarer. */
  mayStay(): boolean {
    const gone = (this.#nowMs() - this.#fromMs) / this.#overMs
    return gone <= 0 || this.#random() >= gone
  }
}
