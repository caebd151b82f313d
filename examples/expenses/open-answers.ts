// Which answers are still being written. A tool that has ended is not enough to stop: its result must have left.
import type { ServerResponse } from 'node:http'

export interface OpenAnswers {
  readonly watch: (response: ServerResponse) => void
  /** Settles as soon as every watched answer has been written, or its caller is gone. */
  readonly none: () => Promise<void>
}

export function createOpenAnswers(): OpenAnswers {
  let open = 0
  let waiting: (() => void)[] = []
  return {
    watch: response => {
      open += 1
      response.once('close', () => {
        open -= 1
        if (open > 0) return
        for (const settle of waiting) settle()
        waiting = []
      })
    },
    none: () =>
      open === 0 ? Promise.resolve() : new Promise(resolve => waiting.push(() => resolve())),
  }
}
