// How many calls a replica is given at once, as far as its own answers tell: fewer after each sign that they are too many, and one
// more for as many that went well. Only what a replica says counts, since latency tells little of one that others use as well.
import type { Attempt } from '#router/facts.ts'

/** Between what it is never fewer than, and what the document and the replica itself allow. */
export interface LimitBounds {
  readonly least: number
  readonly most: number
}

const SHARE_KEPT = 0.9

export class AdaptiveLimit {
  /** Infinite until there was a sign: the upper bound alone holds then. */
  #value = Number.POSITIVE_INFINITY
  #successes = 0
  #loweredAtMs = Number.NEGATIVE_INFINITY

  get value(): number {
    return this.#value
  }

  /** A sign that they are too many. One from a call that began before the last change says nothing of what holds since then. */
  lower({ least, most }: LimitBounds, beganMs: number, nowMs: number): void {
    if (beganMs < this.#loweredAtMs) return
    const kept = Math.floor(Math.min(this.#value, most) * SHARE_KEPT)
    this.#value = Math.max(kept, Math.min(least, most))
    this.#successes = 0
    this.#loweredAtMs = nowMs
  }

  /** A call went well. While less than half of what it may have is under way, that proves nothing of the limit. */
  raise(most: number, inFlight: number): void {
    if (this.#value >= most || inFlight * 2 < this.#value) return
    this.#successes += 1
    if (this.#successes < this.#value) return
    this.#successes = 0
    this.#value += 1
  }

  /** What came back is not what went away. */
  forget(): void {
    this.#value = Number.POSITIVE_INFINITY
    this.#successes = 0
  }
}

/** Too much to do (429, 503), too slow to begin its answer, or no room for a connection. */
export function isTooMuch(attempt: Attempt): boolean {
  if (attempt.kind === 'answered') return attempt.status === 429 || attempt.status === 503
  if (attempt.kind === 'timeout') return attempt.isCallers !== true
  return attempt.kind === 'not_sent' && attempt.isNobodyThere
}
