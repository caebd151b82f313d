// A call's deadline without a clock: a test says how much is left and when it is over.
import type { Deadline } from '#router/facts.ts'

export interface FakeDeadline {
  readonly deadline: Deadline
  /** What was asked of it: `extend`, `hold`, `close`. */
  readonly log: readonly string[]
  /** Its moment has come. */
  readonly end: () => void
}

export function fakeDeadline(
  from: { readonly isOver?: boolean; readonly isCallers?: boolean; readonly leftMs?: number } = {},
): FakeDeadline {
  const log: string[] = []
  let isOver = from.isOver ?? false
  let listener: (() => void) | undefined
  return {
    log,
    end: () => {
      isOver = true
      listener?.()
    },
    deadline: {
      get isOver() {
        return isOver
      },
      isCallers: from.isCallers ?? false,
      leftMs: () => (isOver ? 0 : (from.leftMs ?? 60_000)),
      onOver: newest => {
        listener = newest
        if (isOver) newest()
      },
      extend: () => void log.push('extend'),
      hold: () => void log.push('hold'),
      close: () => void log.push('close'),
    },
  }
}
