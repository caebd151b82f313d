// How many calls of one cluster may be sent again: tokens that calls earn, so that retries stay a small share of the load, and a
// share of what is in flight, so that a burst of them does not come at once. What could not be sent has tokens of its own, whatever
// policy says of retries. Calls are counted by arithmetic alone, without a timer.
import type { RetryPolicy } from '#routes/route-table.ts'
import type { RetryDenial } from './facts.ts'
import { denialOf, type Wanted } from './retry-rules.ts'

/** What a call earns is worth nothing after two seconds: what was saved in good times must not be spent on an outage. */
const SLICES = 10
const SLICE_MS = 200
const LIFE_MS = SLICES * SLICE_MS
/** Of so few in flight no share says anything. */
const LEAST_CONCURRENT = 3
/**
 * What could not be sent goes to the next replica, since to fail it would help nobody. A pool to which nothing can be sent must not be tried
 * many times over for each call all the same: ten more for a hundred, and forty within two seconds of a quiet time, when all that
 * one replica was just given may be lost.
 */
const ELSEWHERE_SHARE = 0.1
const ELSEWHERE_PER_SECOND = 20
/** Of one call. */
const MOST_ELSEWHERE = 3
/** Ten calls at 10 % earn one token, whatever the sum of ten times 0.1 is. */
const ROUNDING = 1e-9

export class RetryBudget {
  readonly #policy: RetryPolicy
  readonly #nowMs: () => number
  /** Calls and retries by slice of time; the newest slice is `#slice`. */
  readonly #calls = new Float64Array(SLICES)
  readonly #taken = new Float64Array(SLICES)
  readonly #elsewhere = new Float64Array(SLICES)
  #slice = 0
  #inFlight = 0
  #retrying = 0

  constructor(policy: RetryPolicy, nowMs: () => number) {
    this.#policy = policy
    this.#nowMs = nowMs
  }

  /** A call sets out; what is given is to be ended once. */
  begin(): RetryTurn {
    const at = this.#now()
    this.#calls[at] = (this.#calls[at] ?? 0) + 1
    this.#inFlight += 1
    return new RetryTurn(this, this.#policy.max)
  }

  ended(): void {
    this.#inFlight -= 1
  }

  /** Takes what one retry costs, or says what is lacking. What was taken is under way until `over`. */
  take(): RetryDenial | undefined {
    const { budget, minPerSecond, maxConcurrent } = this.#policy
    const at = this.#now()
    if (!this.#hasToken(this.#taken, budget, minPerSecond)) return 'budget'
    if (this.#retrying >= Math.max(LEAST_CONCURRENT, maxConcurrent * this.#inFlight)) return 'busy'
    this.#taken[at] = (this.#taken[at] ?? 0) + 1
    this.#retrying += 1
    return undefined
  }

  /** Takes what it costs to go on with a call that could not be sent. */
  takeElsewhere(): RetryDenial | undefined {
    const at = this.#now()
    if (!this.#hasToken(this.#elsewhere, ELSEWHERE_SHARE, ELSEWHERE_PER_SECOND)) return 'budget'
    this.#elsewhere[at] = (this.#elsewhere[at] ?? 0) + 1
    return undefined
  }

  #hasToken(spent: Float64Array, share: number, perSecond: number): boolean {
    const earned = (perSecond * LIFE_MS) / 1_000 + share * sum(this.#calls)
    return sum(spent) + 1 <= earned + ROUNDING
  }

  over(): void {
    this.#retrying -= 1
  }

  /** The slice of this moment, after those in between have been emptied. */
  #now(): number {
    const slice = Math.floor(this.#nowMs() / SLICE_MS)
    const passed = Math.min(SLICES, slice - this.#slice)
    for (let back = 0; back < passed; back += 1) {
      this.#calls[(slice - back) % SLICES] = 0
      this.#taken[(slice - back) % SLICES] = 0
      this.#elsewhere[(slice - back) % SLICES] = 0
    }
    this.#slice = slice
    return slice % SLICES
  }
}

const sum = (slices: Float64Array): number => {
  let total = 0
  for (const count of slices) total += count
  return total
}

/** What one call takes of the budget, one retry after the other. */
export class RetryTurn {
  readonly #budget: RetryBudget
  readonly #most: number
  #retries = 0
  #elsewhere = 0
  #isRetrying = false

  constructor(budget: RetryBudget, most: number) {
    this.#budget = budget
    this.#most = most
  }

  get retries(): number {
    return this.#retries
  }

  /** Undefined when the call may be sent once more; else why not. */
  again(wanted: Wanted): RetryDenial | undefined {
    this.#giveBack()
    const denial =
      denialOf({ ...wanted, retries: this.#retries, most: this.#most }) ?? this.#budget.take()
    if (denial !== undefined) return denial
    this.#isRetrying = true
    this.#retries += 1
    return undefined
  }

  /** Undefined when a call that could not be sent may go to its next replica; else why not. */
  elsewhere(): RetryDenial | undefined {
    if (this.#elsewhere >= MOST_ELSEWHERE) return 'spent'
    const denial = this.#budget.takeElsewhere()
    if (denial === undefined) this.#elsewhere += 1
    return denial
  }

  end(): void {
    this.#giveBack()
    this.#budget.ended()
  }

  #giveBack(): void {
    if (this.#isRetrying) this.#budget.over()
    this.#isRetrying = false
  }
}

/** One budget for each cluster that is open; a cluster that a newer table opened anew begins with a new one. */
export class RetryBudgets<Owner extends { readonly retry: RetryPolicy }> {
  readonly #nowMs: () => number
  /** Bounded by the clusters that live. */
  readonly #budgets = new WeakMap<Owner, RetryBudget>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  of(owner: Owner): RetryBudget {
    const known = this.#budgets.get(owner)
    if (known !== undefined) return known
    const made = new RetryBudget(owner.retry, this.#nowMs)
    this.#budgets.set(owner, made)
    return made
  }
}
