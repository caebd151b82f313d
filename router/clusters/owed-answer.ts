// For how long a replica owes an answer: a first byte that has not come says as much as one that came late, and says it sooner. One
// call at a time is watched for it, the first that is sent when none is. One that a later call overtakes is slow by itself, and is let go.

const NONE = Number.POSITIVE_INFINITY

export class OwedAnswer {
  /** When the call that is watched was sent. */
  #sentMs = NONE

  sent(nowMs: number): void {
    if (this.#sentMs === NONE) this.#sentMs = nowMs
  }

  /** The first byte of a call that was sent then. */
  came(sentMs: number): void {
    if (sentMs >= this.#sentMs) this.#sentMs = NONE
  }

  /** None will come to the call that was sent then. */
  lost(sentMs: number): void {
    if (sentMs === this.#sentMs) this.#sentMs = NONE
  }

  /** What was sent before says nothing any more. */
  forget(): void {
    this.#sentMs = NONE
  }

  /** 0 where it owes nothing. */
  forMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#sentMs)
  }
}
