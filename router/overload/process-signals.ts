// What this process tells of its own load.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Signals } from './pressure.ts'

/** It notes how long it was from one look to the next, and looks this often: idle, Node 26.10 notes 10.2 ms on average. */
const RESOLUTION_MS = 10
const NANOSECONDS = 1e6

export interface ProcessSignals {
  /** Of the time since it was last called. */
  readonly read: () => Pick<Signals, 'loopDelayMs' | 'busyShare' | 'heapShare'>
  readonly close: () => void
}

/**
 * The average and not the worst: one pause of the collector is no overload, while turns that are all long are. It is never reset,
 * since the look after a reset notes nothing: where a turn is as long as a reading, every reading would find an idle loop.
 */
export function processSignals(): ProcessSignals {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let before = { count: 0, sum: 0 }
  let loopDelayMs = 0
  let last = performance.eventLoopUtilization()
  return {
    read: () => {
      const { count } = delay
      // Without a new look, one of this very turn is still to be noted: the reading before says more than nothing does.
      if (count > before.count) {
        const sum = delay.mean * count
        const mean = (sum - before.sum) / (count - before.count) / NANOSECONDS
        loopDelayMs = Math.max(0, mean - RESOLUTION_MS)
        before = { count, sum }
      }
      const { used_heap_size, heap_size_limit } = getHeapStatistics()
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      return { loopDelayMs, busyShare: utilization, heapShare: used_heap_size / heap_size_limit }
    },
    close: () => void delay.disable(),
  }
}
