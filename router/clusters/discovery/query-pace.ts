// How often a blocking query may be sent: a token bucket, not a pause each turn, so that a single change is seen at once.
// A wake-up without news must cost more than one with news, or a busy catalogue would make every router poll it.
import type { Clock } from '#foundation/clock.ts'

const BURST = 2
const REFILL_MS = 1_000
const CHURNING_REFILL_MS = 15_000
const WINDOW_MS = 60_000
/** Wake-ups a minute above which the index counts as churning. */
const MOST_WAKES = 10
/**
 * A change is what the watch is for, and one read a second is its price: a rolling restart of ten replicas must not put
 * the router a quarter of a minute behind. So a wake-up that brings news weighs less than an idle one.
 */
const NEWS_WEIGHT = 0.2

export interface QueryPace {
  /** Takes a token; milliseconds to wait first, 0 when there is one. */
  readonly take: () => number
  /** The query came back, with news or without. */
  readonly woke: (hadNews: boolean) => void
}

export function createQueryPace(clock: Clock): QueryPace {
  let tokens = BURST
  let filledAtMs = clock.nowMs()
  let wakes: readonly { readonly atMs: number; readonly weight: number }[] = []

  const refillMs = () => {
    const total = wakes.reduce((sum, wake) => sum + wake.weight, 0)
    return total > MOST_WAKES ? CHURNING_REFILL_MS : REFILL_MS
  }
  const fill = () => {
    const nowMs = clock.nowMs()
    tokens = Math.min(BURST, tokens + (nowMs - filledAtMs) / refillMs())
    filledAtMs = nowMs
    wakes = wakes.filter(wake => nowMs - wake.atMs < WINDOW_MS)
  }
  return {
    take() {
      fill()
      tokens -= 1
      return tokens >= 0 ? 0 : Math.ceil(-tokens * refillMs())
    },
    // The bucket bounds the list: a wake-up needs a query, and a query needs a token.
    woke(hadNews) {
      fill()
      wakes = [...wakes, { atMs: clock.nowMs(), weight: hadNews ? NEWS_WEIGHT : 1 }]
    },
  }
}
