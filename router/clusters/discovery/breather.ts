// Lets the event loop turn between slices of long work. A slice is measured, not counted: entries differ in size.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '#foundation/clock.ts'

/** Well below what a call may notice. */
const SLICE_MS = 1

/** Await it between two pieces of work; it waits only when the slice is used up. */
export function createBreather(clock: Pick<Clock, 'nowMs'>): () => Promise<void> {
  let beganMs = clock.nowMs()
  return async () => {
    if (clock.nowMs() - beganMs < SLICE_MS) return
    await nextTurn()
    beganMs = clock.nowMs()
  }
}
