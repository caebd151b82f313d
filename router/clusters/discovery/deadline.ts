// A time limit that can be set anew for each part of an exchange, on the waiting that tests control.
import type { Wait } from './ports.ts'

export interface Deadline {
  readonly signal: AbortSignal
  readonly within: (ms: number) => void
  readonly isOver: () => boolean
  readonly end: () => void
}

export function createDeadline(outer: AbortSignal, wait: Wait): Deadline {
  const inner = new AbortController()
  let timer = new AbortController()
  let isOver = false
  const stop = () => inner.abort()
  if (outer.aborted) stop()
  outer.addEventListener('abort', stop, { once: true })
  return {
    signal: inner.signal,
    within(ms) {
      timer.abort()
      const mine = new AbortController()
      timer = mine
      void wait(ms, mine.signal).then(() => {
        if (mine.signal.aborted) return
        isOver = true
        inner.abort()
      })
    },
    isOver: () => isOver,
    end() {
      timer.abort()
      outer.removeEventListener('abort', stop)
    },
  }
}
