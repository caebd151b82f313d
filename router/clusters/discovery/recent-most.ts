// The largest of the figures of the last while, so that what shrinks step by step is measured against what it was.

export interface RecentMost {
  readonly add: (figure: number, nowMs: number) => void
  /** 0 when nothing was added lately. */
  readonly most: (nowMs: number) => number
}

export function createRecentMost(whileMs: number): RecentMost {
  /** Falling from the first, which is the largest, to the newest: what is followed by a larger one never counts again. */
  const falling: { readonly figure: number; readonly atMs: number }[] = [] // bounded by the largest figure
  return {
    add(figure, nowMs) {
      while ((falling.at(-1)?.figure ?? Number.POSITIVE_INFINITY) <= figure) falling.pop()
      falling.push({ figure, atMs: nowMs })
    },
    most(nowMs) {
      while (falling[0] !== undefined && nowMs - falling[0].atMs > whileMs) falling.shift()
      return falling[0]?.figure ?? 0
    },
  }
}
