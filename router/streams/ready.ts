// A stream begins when everything that it wants to hear is told, or after a moment: what is told later then begins with what was missed.
import type { After, CallerStream } from './caller-stream.ts'

const READY_MS = 2_000

export function readyOrLate(
  after: After,
  stream: CallerStream,
  readies: readonly Promise<unknown>[],
): Promise<void> {
  return new Promise(resolve => {
    const cancel = after(READY_MS, resolve)
    stream.onOver(resolve)
    void Promise.all(readies).then(() => {
      cancel()
      resolve()
    })
  })
}
