// How many calls may be under way while the event loop has no rest. Its delay does not tell that there are too many: long answers let
// the loop turn after a piece each, so that turns stay short while calls take seconds. Pure, as `pressure.ts` is.
import { type Criticality, rankOf } from '#routes/criticality.ts'
import type { Signals } from './pressure.ts'

export interface ConcurrencyLimit {
  /** Calls of any kind; infinite while there is no limit. */
  readonly most: number
  /** How many more at the next reading that calls for it. */
  readonly step: number
  /** Calls under way when the loop last had rest: they wait for their tools, or are streams with little to say, and cost next to nothing. */
  readonly waiting: number
}

/** Of the time since the last reading. */
const NO_REST = 0.98
const RESTED = 0.9
/** So many more than those that wait keep a loop busy, and are served within a moment. */
const AT_WORK = 32
/** Multiplicative decrease: what is under way ends by itself, and a harder cut would leave the loop idle. */
const DECREASE = 0.9
const FIRST_STEP = 4
/** A limit that was not reached in five readings is none. */
const LAST_STEP = 64

export const NO_LIMIT: ConcurrencyLimit = Object.freeze({
  most: Number.POSITIVE_INFINITY,
  step: FIRST_STEP,
  waiting: 0,
})

/** `isReached`: a call was refused for it since the last reading. */
export function nextLimit(
  { most, step, waiting }: ConcurrencyLimit,
  { busyShare, inFlight }: Pick<Signals, 'busyShare' | 'inFlight'>,
  isReached: boolean,
): ConcurrencyLimit {
  const least = waiting + AT_WORK
  if (busyShare >= NO_REST && inFlight >= least) {
    const less = Math.max(least, Math.min(most, inFlight) * DECREASE)
    return { most: less, step: FIRST_STEP, waiting: waiting * DECREASE }
  }
  const isRested = busyShare < RESTED
  const now = isRested ? inFlight : waiting
  if (most === NO_LIMIT.most || (!isReached && step >= LAST_STEP))
    return { ...NO_LIMIT, waiting: now }
  if (isReached && !isRested) return { most, step: FIRST_STEP, waiting: now }
  return { most: Math.max(most + step, now + AT_WORK), step: step * 2, waiting: now }
}

/** What is critical is not held back: its own calls may be all that keeps the loop busy. */
export function isBeyond(
  { most }: ConcurrencyLimit,
  inFlight: number,
  criticality: Criticality,
): boolean {
  const rank = rankOf(criticality)
  return rank < rankOf('critical') && inFlight >= most * (rank + 1)
}
