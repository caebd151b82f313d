// What a run says: a table of the arms, the ratios with their bars, and the ending in words. Lines fit 100 columns.
import { type Spread, spreadOf } from '../statistics.ts'
import type { ArmName, Slice } from './slices.ts'
import { type Ending, type Judged, nameOf, type Verdict } from './verdict.ts'

const ENDINGS: Readonly<Record<Ending, string>> = {
  goal: 'goal',
  held: 'held',
  missed: 'MISSED',
  inconclusive: 'too few',
  'not measured': '-',
}

type Column = readonly [title: string, width: number]
const ARM_COLUMNS: readonly Column[] = [
  ['calls/s', 10],
  ['p50 us', 9],
  ['p99 us', 9],
  ['CPU us/call', 12],
  ['of direct', 10],
  ['kept', 7],
]
const RATIO_COLUMNS: readonly Column[] = [
  ['median', 8],
  ['min', 7],
  ['max', 7],
  ['must', 9],
  ['goal', 9],
  ['', 9],
]
const NAME = 38

const row = (name: string, cells: readonly string[], columns: readonly Column[]): string =>
  `${name.padEnd(NAME)}${cells.map((cell, index) => cell.padStart(columns[index]?.[1] ?? 8)).join('')}`.trimEnd()

const head = (name: string, columns: readonly Column[]): string =>
  row(
    name,
    columns.map(([title]) => title),
    columns,
  )

const figure = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '-'

export function reportOf(
  slices: readonly Slice[],
  fixed: readonly Slice[],
  verdict: Verdict,
): string {
  const counts = [...new Set(slices.map(({ connections }) => connections))].toSorted(
    (a, b) => a - b,
  )
  return [
    ...counts.flatMap(count => [
      ...armTable(`${count} connection${count === 1 ? '' : 's'}`, of(slices, count)),
      '',
    ]),
    ...(fixed.length === 0
      ? ['No fixed rate was measured: that takes a full run, hey, haproxy and the router.', '']
      : [...armTable(`fixed rate, ${fixed[0]?.connections ?? 0} connections`, fixed), '']),
    head('same-round ratios', RATIO_COLUMNS),
    ...verdict.judged.map(ratioRow),
    '',
    ...ending(verdict),
    '',
  ].join('\n')
}

const of = (slices: readonly Slice[], connections: number): readonly Slice[] =>
  slices.filter(slice => slice.connections === connections)

function armTable(title: string, slices: readonly Slice[]): readonly string[] {
  const arms = [...new Set(slices.map(({ arm }) => arm))].toSorted()
  const kept = slices.filter(({ dropped }) => dropped === undefined)
  const middle = (arm: ArmName, value: (slice: Slice) => number): number =>
    spreadOf(kept.filter(slice => slice.arm === arm).map(value)).median
  const rate = (arm: ArmName): number => middle(arm, ({ rps }) => rps)
  return [
    head(title, ARM_COLUMNS),
    ...arms.map(arm => {
      const all = slices.filter(slice => slice.arm === arm).length
      const good = kept.filter(slice => slice.arm === arm).length
      return row(
        `  ${arm}`,
        [
          figure(rate(arm), 0),
          figure(
            middle(arm, ({ p50Us }) => p50Us),
            0,
          ),
          figure(
            middle(arm, ({ p99Us }) => p99Us),
            0,
          ),
          figure(
            middle(arm, ({ cpuUsPerCall }) => cpuUsPerCall),
            1,
          ),
          figure(rate(arm) / rate('direct'), 3),
          `${good}/${all}`,
        ],
        ARM_COLUMNS,
      )
    }),
  ]
}

function ratioRow(one: Judged): string {
  const sign = one.is === 'at least' ? '>=' : '<='
  const { median, min, max }: Spread = one.ratio
  const cells = [
    figure(median, 2),
    figure(min, 2),
    figure(max, 2),
    `${sign} ${one.must.toFixed(2)}`,
    `${sign} ${one.goal.toFixed(2)}`,
    ENDINGS[one.ending],
  ]
  return row(`  ${nameOf(one)}`, cells, RATIO_COLUMNS)
}

function ending({ ending: how, reasons, judged }: Verdict): readonly string[] {
  const told = reasons.map(reason => `  ${reason}`)
  const left = judged.filter(one => one.ending === 'not measured').map(nameOf)
  if (how === 'held')
    return left.length === 0
      ? ['Held: every must.']
      : ['Held: every must that was measured. Not measured:', ...left.map(name => `  ${name}`)]
  if (how === 'missed')
    return ['Missed; a must has failed only when a second run misses it too:', ...told]
  return ['Inconclusive, so nothing here may be quoted:', ...told]
}
