// What the ratios mean. Three ends: held, missed, and inconclusive, which is no failure but a run that must not be quoted.
import { type Spread, spreadOf } from '../statistics.ts'
import { type ArmName, faultsOf, type Measure, type Slice, sameRoundRatios } from './slices.ts'

export interface Bar {
  readonly over: ArmName
  readonly under: ArmName
  readonly measure: Measure
  /** `loaded`: wherever more than one connection was measured, each by itself. */
  readonly at: 'loaded' | 'one' | 'fixed rate'
  readonly is: 'at least' | 'at most'
  readonly must: number
  readonly goal: number
}

export const BARS: readonly Bar[] = [
  {
    over: 'router',
    under: 'haproxy',
    measure: 'rps',
    at: 'loaded',
    is: 'at least',
    must: 0.22,
    goal: 0.33,
  },
  {
    over: 'router',
    under: 'haproxy',
    measure: 'cpu',
    at: 'loaded',
    is: 'at most',
    must: 4.5,
    goal: 3.2,
  },
  {
    over: 'router',
    under: 'haproxy+jwt',
    measure: 'rps',
    at: 'loaded',
    is: 'at least',
    must: 1,
    goal: 1.3,
  },
  {
    over: 'router',
    under: 'floor',
    measure: 'rps',
    at: 'loaded',
    is: 'at least',
    must: 0.6,
    goal: 0.8,
  },
  {
    over: 'router',
    under: 'haproxy',
    measure: 'p50 added',
    at: 'one',
    is: 'at most',
    must: 2.5,
    goal: 1.5,
  },
  {
    over: 'router',
    under: 'haproxy',
    measure: 'p99',
    at: 'fixed rate',
    is: 'at most',
    must: 2.5,
    goal: 1.5,
  },
  {
    over: 'floor',
    under: 'haproxy',
    measure: 'rps',
    at: 'loaded',
    is: 'at least',
    must: 0.3,
    goal: 0.45,
  },
]

/** Fewer same-round pairs say more about the hour than about the programs. */
export const LEAST_ROUNDS = 3
/** Where a bare proxy stands beside haproxy on a machine that works as it should. */
export const SOUND_FLOOR = { least: 0.3, most: 0.6 } as const

export type Ending = 'goal' | 'held' | 'missed' | 'inconclusive' | 'not measured'

export interface Judged extends Bar {
  readonly connections: number
  readonly ratio: Spread
  readonly ending: Ending
}

export interface Verdict {
  readonly ending: 'held' | 'missed' | 'inconclusive'
  readonly judged: readonly Judged[]
  /** Why nothing can be concluded, or what was missed. */
  readonly reasons: readonly string[]
}

/** `fixed` holds the slices of the fixed rate, where that was measured; they never mix with the others. */
export function judge(
  slices: readonly Slice[],
  fixed: readonly Slice[],
  bars: readonly Bar[] = BARS,
): Verdict {
  const judged = bars.flatMap(bar => judgeBar(bar, bar.at === 'fixed rate' ? fixed : slices))
  const doubts = [
    ...faultsOf(slices),
    ...faultsOf(fixed),
    ...droppedDoubts([...slices, ...fixed]),
    ...floorDoubts(slices),
    ...missing(judged),
  ]
  if (doubts.length > 0) return { ending: 'inconclusive', judged, reasons: doubts }
  const missed = judged.filter(({ ending }) => ending === 'missed')
  return missed.length === 0
    ? { ending: 'held', judged, reasons: [] }
    : { ending: 'missed', judged, reasons: missed.map(missedSentence) }
}

function judgeBar(bar: Bar, slices: readonly Slice[]): readonly Judged[] {
  const counts = [...new Set(slices.map(({ connections }) => connections))].toSorted(
    (a, b) => a - b,
  )
  const fitting = counts.filter(
    count => bar.at === 'fixed rate' || (bar.at === 'one' ? count === 1 : count > 1),
  )
  const measured = (fitting.length === 0 ? [Number.NaN] : fitting).map(connections => {
    const ratio = spreadOf(sameRoundRatios(slices, { ...bar, connections }))
    const hasArms = [bar.over, bar.under].every(arm =>
      slices.some(slice => slice.arm === arm && slice.connections === connections),
    )
    return {
      ...bar,
      connections,
      ratio,
      ending: hasArms ? endingOf(bar, ratio) : 'not measured',
    } as const
  })
  return measured
}

function endingOf({ is, must, goal }: Bar, { median, count }: Spread): Ending {
  if (count < LEAST_ROUNDS) return 'inconclusive'
  const meets = (bar: number): boolean => (is === 'at least' ? median >= bar : median <= bar)
  if (meets(goal)) return 'goal'
  return meets(must) ? 'held' : 'missed'
}

/** Told beside too few rounds; a few dropped slices alone are no doubt. */
function droppedDoubts(slices: readonly Slice[]): readonly string[] {
  const dropped = slices.filter(slice => slice.dropped !== undefined).length
  return dropped * 2 <= slices.length
    ? []
    : [
        `${dropped} of ${slices.length} slices were dropped, because something else kept the machine busy`,
      ]
}

/** A machine on which even the bare proxy is off measures something else than the router. */
function floorDoubts(slices: readonly Slice[]): readonly string[] {
  const counts = [...new Set(slices.map(({ connections }) => connections))]
  return counts
    .filter(connections => connections > 1)
    .flatMap(connections => {
      const pair = { over: 'floor', under: 'haproxy', measure: 'rps', connections } as const
      const { median, count } = spreadOf(sameRoundRatios(slices, pair))
      if (count === 0 || (median >= SOUND_FLOOR.least && median <= SOUND_FLOOR.most)) return []
      return [
        `floor / haproxy is ${median.toFixed(2)} at ${connections} connections, outside ${SOUND_FLOOR.least.toFixed(2)} to ${SOUND_FLOOR.most.toFixed(2)}`,
      ]
    })
}

/** The fixed rate needs a program that a machine may lack; its absence is told and takes nothing from the rest. */
function missing(judged: readonly Judged[]): readonly string[] {
  const few = judged.filter(({ ending }) => ending === 'inconclusive')
  const left = judged.filter(one => one.ending === 'not measured' && one.at !== 'fixed rate')
  const least = Math.min(...few.map(({ ratio }) => ratio.count))
  return [
    ...(few.length === 0
      ? []
      : [
          `${few.length} of ${judged.length} ratios stand on fewer than ${LEAST_ROUNDS} rounds (one on ${least})`,
        ]),
    ...left.map(one => `${nameOf(one)} was not measured`),
  ]
}

const missedSentence = (one: Judged): string =>
  `${nameOf(one)} is ${one.ratio.median.toFixed(2)}; it must be ${one.is} ${one.must.toFixed(2)}`

const MEASURED: Readonly<Record<Measure, string>> = {
  rps: 'calls/s',
  cpu: 'CPU a call',
  'p50 added': 'p50 added',
  p99: 'p99',
}

export function nameOf(one: Bar & { readonly connections?: number }): string {
  const where =
    one.at === 'fixed rate'
      ? ' at a fixed rate'
      : Number.isFinite(one.connections)
        ? ` at ${one.connections}`
        : ''
  return `${one.over} / ${one.under} ${MEASURED[one.measure]}${where}`
}
