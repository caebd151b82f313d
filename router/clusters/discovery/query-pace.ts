// How often a blocking query may be sent: a token bucket, not a pause each turn, so that a single change is seen at once.
// A wake-up without news costs more than one with news, or a busy catalogue would make every router poll it.
import type { Clock } from '#foundation/clock.ts'

const BURST = 2
const REFILL_MS = 1_000
const CHURNING_REFILL_MS = 15_000
const WINDOW_MS = 60_000
/** Idle wake-ups a minute above which the index counts as churning. */
const MOST_WAKES = 10
/**
 * Changes a minute that cost no token: somebody who drains, stops and starts replicas one after another must see each
 * step at once, and not a second late because the step before it was as quick.
 */
const FREE_NEWS = 10
/**
 * A change is what the watch is for, and one read a second is its price: a rolling restart of ten replicas must not put
 * the router a quarter of a minute behind.
 */
const NEWS_WEIGHT = 0.2

export interface QueryPace {
  /** Takes a token; milliseconds to wait first, 0 when there is one. */
  readonly take: () => number
  /** The query came back, with news or without. */
  readonly woke: (hadNews: boolean) => void
}

interface Wake {
  readonly atMs: number
  readonly hadNews: boolean
}

export function createQueryPace(clock: Clock): QueryPace {
  let tokens = BURST
  let filledAtMs = clock.nowMs()
  let wakes: readonly Wake[] = []

  const refillMs = () => {
    const news = wakes.filter(({ hadNews }) => hadNews).length
    const weight = wakes.length - news + news * NEWS_WEIGHT
    return weight > MOST_WAKES ? CHURNING_REFILL_MS : REFILL_MS
  }
  const fill = () => {
    const nowMs = clock.nowMs()
    tokens = Math.min(BURST, tokens + (nowMs - filledAtMs) / refillMs())
    filledAtMs = nowMs
    wakes = wakes.filter(({ atMs }) => nowMs - atMs < WINDOW_MS)
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
      const isFree = hadNews && wakes.filter(wake => wake.hadNews).length < FREE_NEWS
      if (isFree) tokens = Math.min(BURST, tokens + 1)
      wakes = [...wakes, { atMs: clock.nowMs(), hadNews }]
    },
  }
}
