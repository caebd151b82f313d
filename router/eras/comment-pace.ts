// How many comments of an event stream go on, and when there are so many that reading them must wait. A comment says only that the
// server is there: a few a minute do that, and one that sends them without end would cost a core for as long as its caller stays.
import type { Clock } from '#foundation/clock.ts'

/** That go on at once, and one more each second. */
const AT_ONCE = 16
const EVERY_MS = 1_000
/** Of one comment that goes on. */
export const LONGEST_COMMENT = 1_024
/** Of what is not handed on, so much is read at once, and as much again each second. */
const UNREAD_AT_ONCE = 65_536
/** What a line costs besides its bytes: most of these have two. */
const LINE_COST = 64
const LONGEST_PAUSE_MS = 1_000

export class CommentPace {
  readonly #nowMs: Clock['nowMs']
  #left = AT_ONCE
  #stampMs: number
  #owed = 0
  #owedMs: number

  constructor(nowMs: Clock['nowMs']) {
    this.#nowMs = nowMs
    this.#stampMs = this.#owedMs = nowMs()
  }

  /** Whether one more goes on. */
  take(): boolean {
    this.#owed += LINE_COST
    const nowMs = this.#nowMs()
    const more = Math.floor((nowMs - this.#stampMs) / EVERY_MS)
    if (more > 0) {
      this.#left = Math.min(AT_ONCE, this.#left + more)
      this.#stampMs += more * EVERY_MS
    }
    if (this.#left === 0) return false
    this.#left -= 1
    return true
  }

  /** Bytes that were read and do not go on. */
  drop(bytes: number): void {
    this.#owed += bytes
  }

  /** How long nothing should be read, 0 for most. */
  pauseMs(): number {
    if (this.#owed <= UNREAD_AT_ONCE) return 0
    const nowMs = this.#nowMs()
    const paid = ((nowMs - this.#owedMs) / 1_000) * UNREAD_AT_ONCE
    this.#owed = Math.max(0, this.#owed - paid)
    this.#owedMs = nowMs
    const over = this.#owed - UNREAD_AT_ONCE
    return over <= 0 ? 0 : Math.min(LONGEST_PAUSE_MS, (over / UNREAD_AT_ONCE) * 1_000)
  }
}
