// Time that moves only when a test says so: a clock, and a `wait` whose sleepers wake in the order they are due.
import type { Clock } from '#foundation/clock.ts'

interface Sleeper {
  readonly dueMs: number
  readonly ms: number
  readonly wake: () => void
}

export interface ManualTime {
  readonly clock: Clock
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Moves time, waking each sleeper at its own moment and letting the work it starts go on in between. */
  readonly advance: (ms: number) => Promise<void>
  /** Lengths of the waits under way, shortest first. */
  readonly waits: () => readonly number[]
  /** Resolves with the length of a wait that fits: one under way, or the next to begin. */
  readonly untilWaiting: (fits: (ms: number) => boolean) => Promise<number>
}

export function manualTime(startMs = 1_000): ManualTime {
  let nowMs = startMs
  const sleepers = new Set<Sleeper>()
  const watchers = new Set<(ms: number) => void>()
  const nextDue = (untilMs: number) =>
    [...sleepers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
  return {
    // A wall clock of its own base, so that a test notices when the two are confused.
    clock: { nowMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs },
    wait: (ms, signal) =>
      new Promise(resolve => {
        if (signal.aborted) return resolve()
        const sleeper = { dueMs: nowMs + ms, ms, wake: () => end() }
        const end = () => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', end)
          resolve()
        }
        sleepers.add(sleeper)
        for (const watcher of watchers) watcher(ms)
        signal.addEventListener('abort', end, { once: true })
      }),
    async advance(ms) {
      const untilMs = nowMs + ms
      await settle()
      for (let sleeper = nextDue(untilMs); sleeper !== undefined; sleeper = nextDue(untilMs)) {
        nowMs = Math.max(nowMs, sleeper.dueMs)
        sleeper.wake()
        await settle()
      }
      nowMs = untilMs
    },
    waits: () => [...sleepers].map(({ ms }) => ms).sort((a, b) => a - b),
    async untilWaiting(fits) {
      const known = [...sleepers].find(({ ms }) => fits(ms))
      if (known !== undefined) return known.ms
      return new Promise(resolve => {
        const watcher = (ms: number) => {
          if (!fits(ms)) return
          watchers.delete(watcher)
          resolve(ms)
        }
        watchers.add(watcher)
      })
    },
  }
}

/** Lets promises that are ready run; work on sockets and files needs an event of its own to await. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve))
}
