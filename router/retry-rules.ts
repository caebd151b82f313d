// When a call that came to nothing goes to another replica, and why it does not. Pure: what is counted is counted elsewhere.
import type { Random } from '#foundation/clock.ts'
import type { RetryDenial, RetryReason } from './facts.ts'
import type { Outcome } from './outcome.ts'

/** `failover`: no byte of it can have been read, so that this is the first time it is sent. */
export type NextStep = 'failover' | RetryReason | 'tell'

/**
 * What is told and goes nowhere: any answer, the tool's own errors included, since the tool has spoken; what may have run and must not
 * run twice; and every call of a session, which lives on one replica.
 */
export function nextStep(
  { verdict, fault, isRefusal, isThrottled }: Outcome,
  { isBound }: { readonly isBound: boolean },
  { isReplayable }: { readonly isReplayable: boolean },
): NextStep {
  if (isBound || fault === 'caller') return 'tell'
  if (verdict === 'not_sent') return 'failover'
  // A call that goes round comes everywhere the way it came: who says that it did must not spend what others may send again.
  if (isRefusal) return isThrottled ? 'refused' : 'tell'
  return verdict === 'unanswered' && isReplayable ? 'unanswered' : 'tell'
}

/** A replica that wants to be left alone for longer speaks for its siblings, too: one limit may stand behind all of them. */
const LONGEST_PAUSE_MS = 1_000
const SHORTEST_MS = 25
const LONGEST_MS = 250

/** Full jitter, so that callers who failed together do not come back together; not before the time that was asked for. */
export const pauseMs = (random: Random, retryAfterMs = 0): number =>
  Math.max(retryAfterMs, SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS))

/** One more try, as its call and its replica have it. */
export interface Wanted {
  /** A router in front has sent it before, and has a budget of its own. */
  readonly isRetry: boolean
  /** Of the call's own time. */
  readonly leftMs: number
  /** When the replica wants to be asked again, where it says so. */
  readonly retryAfterMs: number | undefined
  /** What speaks against it in the pool. */
  readonly pool: () => RetryDenial | undefined
}

/** Why it is not sent again whatever the budget; undefined where nothing stands against it. */
export function denialOf(
  wanted: Wanted & { readonly retries: number; readonly most: number },
): RetryDenial | undefined {
  const { retries, most, isRetry, leftMs, retryAfterMs = 0, pool } = wanted
  if (retries >= most) return 'spent'
  if (isRetry) return 'is_retry'
  if (retryAfterMs > LONGEST_PAUSE_MS) return 'retry_after'
  if (leftMs <= Math.max(retryAfterMs, SHORTEST_MS)) return 'deadline'
  return pool()
}
