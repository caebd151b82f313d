// The breaker of a replica as the admin listener shows it, and in words why it takes no calls.
import type { BreakerState } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'

/** What the router knows of it; times are of its own monotonic clock. */
export interface ShownBreaker {
  readonly view: (nowMs: number) => {
    readonly state: BreakerState['state']
    readonly why?: string
    readonly sinceMs?: number
    readonly untilMs?: number
    readonly isForced: boolean
    readonly wouldBeEjected: boolean
  }
}

const WORDS: Readonly<Record<string, string>> = {
  consecutive_faults: 'too many faults in a row',
  success_rate: 'too few good answers',
  probe_failed: 'the call that tried it failed',
  forced: 'held open by hand',
}

export function breakerView(breaker: ShownBreaker, nowMs: number): BreakerState {
  const { sinceMs, untilMs, why, ...rest } = breaker.view(nowMs)
  return {
    ...rest,
    ...(why === undefined ? {} : { why: WORDS[why] ?? why }),
    ...(sinceMs === undefined ? {} : { sinceAgoMs: Math.round(nowMs - sinceMs) }),
    ...(untilMs === undefined ? {} : { probeInMs: Math.max(0, Math.round(untilMs - nowMs)) }),
  }
}

/** Nothing where the breaker keeps no call away. */
export function reasonOf({ state, why, probeInMs }: BreakerState): string | undefined {
  if (state === 'closed') return undefined
  const next =
    state === 'half_open'
      ? ', the next call tries it'
      : probeInMs === undefined
        ? ''
        : `, tried again in ${formatDuration(probeInMs)}`
  return `ejected: ${why}${next}`
}
