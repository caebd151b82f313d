// Small pieces of work, timed by the CPU that this process used: batches of all of them interleaved, and the median of each.
// A result is kept in a field, or the compiler would find that nobody wants it and leave the work out.
import process from 'node:process'
import { type Spread, shuffled, spreadOf } from '../statistics.ts'

export interface Work {
  readonly name: string
  /** One call; a promise is waited for. */
  readonly run: () => unknown
  /** Most nanoseconds a call may cost, on a machine where the yardstick costs what it cost when the bars were set. */
  readonly barNs?: number
}

export interface Timed {
  readonly name: string
  readonly barNs: number | undefined
  /** Nanoseconds of CPU a call. */
  readonly ns: Spread
}

export interface Pace {
  readonly batches: number
  readonly batchMs: number
}

interface Prepared {
  readonly work: Work
  readonly isAsync: boolean
  readonly times: number
  readonly ns: number[]
}

const WARM_BATCHES = 3
const FIRST_TIMES = 16

class Batches {
  /** The newest result. */
  kept: unknown

  /** Nanoseconds of CPU of so many calls, with what the runtime's other threads did for them. */
  async cpuNs({ run }: Work, isAsync: boolean, times: number): Promise<number> {
    await new Promise(resolve => setImmediate(resolve)) // what the last one left to be written is not this one's
    const before = process.cpuUsage()
    if (isAsync) for (let time = 0; time < times; time += 1) this.kept = await run()
    else for (let time = 0; time < times; time += 1) this.kept = run()
    const { user, system } = process.cpuUsage(before)
    return (user + system) * 1_000
  }

  async prepare(work: Work, { batchMs }: Pace): Promise<Prepared> {
    const isAsync = work.run() instanceof Promise
    let times = FIRST_TIMES
    for (let warm = 0; warm < WARM_BATCHES; ) {
      const ns = await this.cpuNs(work, isAsync, times)
      // Doubled until a batch is long enough for the clock, then set right by what it took.
      if (ns < batchMs * 500_000) times *= 2
      else {
        times = Math.max(1, Math.round((times * batchMs * 1e6) / ns))
        warm += 1
      }
    }
    return { work, isAsync, times, ns: [] }
  }
}

/** Every batch runs each piece of work once, in a new order: what disturbs the machine disturbs all of them alike. */
export async function timeAll(
  works: readonly Work[],
  pace: Pace,
  random: () => number,
): Promise<readonly Timed[]> {
  const batches = new Batches()
  const prepared: Prepared[] = []
  for (const work of works) prepared.push(await batches.prepare(work, pace))
  for (let batch = 0; batch < pace.batches; batch += 1)
    for (const { work, isAsync, times, ns } of shuffled(prepared, random))
      ns.push((await batches.cpuNs(work, isAsync, times)) / times)
  return prepared.map(({ work, ns }) => ({
    name: work.name,
    barNs: work.barNs,
    ns: spreadOf(ns),
  }))
}

/** Bars of a machine that is faster or slower than the one they were set on, or busy: all of them times the same factor. */
export function scaled(
  timed: readonly Timed[],
  yardstick: { readonly name: string; readonly ns: number },
): readonly Timed[] {
  const measured = timed.find(({ name }) => name === yardstick.name)?.ns.median
  if (measured === undefined) return timed.map(one => ({ ...one, barNs: undefined }))
  const factor = measured / yardstick.ns
  return timed.map(one => ({
    ...one,
    barNs: one.barNs === undefined ? undefined : one.barNs * factor,
  }))
}
