// Time that jumps from one event to the next, for code that sets timers: while it is installed, the timers and clocks of the process are
// its own. Events of one moment run in the order they were set, and what each sets off is done before the next.
import type { Clock } from '#foundation/clock.ts'
import { Agenda, VirtualTimer } from './agenda.ts'

export interface VirtualTime {
  readonly clock: Clock
  readonly after: (ms: number, act: () => void) => VirtualTimer
  /** Runs every event up to then; `look` is called after each. */
  readonly runUntil: (ms: number, look: () => void) => Promise<void>
  /** Gives the process its own timers back. */
  readonly restore: () => void
}

type Act = (...args: unknown[]) => void

const WALL_BASE_MS = 1_800_000_000_000
const turnOfLoop = globalThis.setImmediate

/** One at a time in a process. */
export function installVirtualTime(): VirtualTime {
  const agenda = new Agenda()
  const set = (act: Act, delayMs: unknown, args: unknown[], isRepeated = false): VirtualTimer => {
    const ms = Math.max(1, Number(delayMs ?? 1) || 1)
    return agenda.add(new VirtualTimer(agenda, () => act(...args), { ms, isRepeated }))
  }
  const after = (ms: number, act: () => void): VirtualTimer =>
    agenda.add(new VirtualTimer(agenda, act, { ms, isRepeated: false }))
  const clear = (timer?: VirtualTimer | null): void => void timer?.close()
  const restore = replaceAll([
    [
      globalThis,
      {
        setTimeout: (act: Act, ms?: number, ...args: unknown[]) => set(act, ms, args),
        setInterval: (act: Act, ms?: number, ...args: unknown[]) => set(act, ms, args, true),
        setImmediate: (act: Act, ...args: unknown[]) => after(0, () => act(...args)),
        clearTimeout: clear,
        clearInterval: clear,
        clearImmediate: clear,
      },
    ],
    [Date, { now: () => WALL_BASE_MS + agenda.nowMs }],
    [performance, { now: () => agenda.nowMs }],
  ])
  return {
    clock: { nowMs: () => agenda.nowMs, wallMs: () => WALL_BASE_MS + agenda.nowMs },
    after,
    runUntil: async (ms, look) => {
      for (let timer = agenda.next(ms); timer !== undefined; timer = agenda.next(ms)) {
        agenda.nowMs = timer.dueMs
        timer.run()
        await new Promise(resolve => turnOfLoop(resolve))
        look()
      }
      agenda.nowMs = ms
    },
    restore,
  }
}

type Change = readonly [object, Readonly<Record<string, unknown>>]

/** What gives every object its own functions back. */
function replaceAll(changes: readonly Change[]): () => void {
  const undo = changes.flatMap(([object, functions]) =>
    Object.entries(functions).map(([name, value]) => {
      const before = Object.getOwnPropertyDescriptor(object, name)
      Object.defineProperty(object, name, { value, configurable: true, writable: true })
      return (): void => {
        if (before === undefined) Reflect.deleteProperty(object, name)
        else Object.defineProperty(object, name, before)
      }
    }),
  )
  return () => {
    for (const one of undo) one()
  }
}
