// Loaded into a router process with `--import`: tells on request how long its event loop was held up at most since the last
// time, by the wall and by its own work alone, which a busy machine does not add to; and what it weighs. Looking costs some 4 %
// of a core, so it can be told to rest while a share is measured.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { threadClock } from './thread-clock.ts'

const TICK_MS = 1
const delay = monitorEventLoopDelay({ resolution: TICK_MS })
const work = { lastMs: 0, mostMs: 0 }

/** Of this thread: whatever it spent between two ticks, it spent in a turn or two of its loop. */
const spentMs = threadClock()

const look = (): void => {
  const nowMs = spentMs()
  work.mostMs = Math.max(work.mostMs, nowMs - work.lastMs)
  work.lastMs = nowMs
}
let looking: NodeJS.Timeout | undefined
const begin = (): void => {
  work.lastMs = spentMs()
  delay.enable()
  looking = setInterval(look, TICK_MS).unref()
}
const rest = (): void => {
  delay.disable()
  clearInterval(looking)
}
begin()

process.on('message', (message: unknown) => {
  if (message === 'loop rest') rest()
  if (message === 'loop begin') begin()
  if (message !== 'loop?') return
  const { user, system } = process.cpuUsage()
  const { heapUsed, rss } = process.memoryUsage()
  process.send?.({
    type: 'loop',
    heldMs: delay.max / 1e6,
    workMs: work.mostMs,
    cpuMs: (user + system) / 1_000,
    heapUsed,
    rss,
  })
  delay.reset()
  work.mostMs = 0
})
