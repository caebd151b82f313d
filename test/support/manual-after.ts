// Things to be done later, which a test lets come due.
import type { After } from '#router/streams/caller-stream.ts'

export interface ManualAfter {
  readonly after: After
  /** Lets so much time pass, each in the order it comes due. */
  readonly pass: (ms: number) => void
  readonly nowMs: () => number
  /** What is still to be done. */
  readonly size: () => number
}

export function manualAfter(): ManualAfter {
  let nowMs = 0
  const due = new Set<{ readonly atMs: number; readonly act: () => void }>()
  return {
    after: (ms, act) => {
      const one = { atMs: nowMs + ms, act }
      due.add(one)
      return () => void due.delete(one)
    },
    pass: ms => {
      const untilMs = nowMs + ms
      for (;;) {
        const [next] = [...due].sort((a, b) => a.atMs - b.atMs)
        if (next === undefined || next.atMs > untilMs) break
        nowMs = next.atMs
        due.delete(next)
        next.act()
      }
      nowMs = untilMs
    },
    nowMs: () => nowMs,
    size: () => due.size,
  }
}
