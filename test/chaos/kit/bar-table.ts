// The bars of a run as a table: what each story printed, one row a bar.

export interface BarRow {
  readonly story: string
  readonly bar: string
  readonly figure: string
  readonly isHeld: boolean
}

/** What a story proves, at the head of its name. */
const PROVES = /^(R[0-9]+): /
const LINE = /^ {2}(ok {2}|MISS) {2}(.+?): (.*)$/
/** Of a figure that is shown in the table; the story has printed it whole. */
const LONGEST = 70

/** A story that says nothing, or ends badly without a missed bar, has missed one. */
export function rowsIn(name: string, output: string, code: number | null): readonly BarRow[] {
  const [, proves] = PROVES.exec(output) ?? []
  const story = proves === undefined ? name : `${proves} ${name}`
  const rows = output.split('\n').flatMap((line): readonly BarRow[] => {
    const [, mark, bar, figure] = LINE.exec(line) ?? []
    if (mark === undefined || bar === undefined || figure === undefined) return []
    return [{ story, bar, figure, isHeld: mark !== 'MISS' }]
  })
  const isExplained = code === 0 ? rows.length > 0 : rows.some(({ isHeld }) => !isHeld)
  if (isExplained) return rows
  return [...rows, { story, bar: 'it runs to its end', figure: `exit code ${code}`, isHeld: false }]
}

/** The last line is the verdict, alone. */
export function barTable(rows: readonly BarRow[]): string {
  const widths = { story: width(rows, 'story'), bar: width(rows, 'bar') }
  const lines = rows.map(({ story, bar, figure, isHeld }) =>
    [
      isHeld ? 'HOLD' : 'MISS',
      story.padEnd(widths.story),
      bar.padEnd(widths.bar),
      figure.length > LONGEST ? `${figure.slice(0, LONGEST - 1)}…` : figure,
    ].join('  '),
  )
  const missed = rows.filter(({ isHeld }) => !isHeld).length
  const verdict =
    rows.length > 0 && missed === 0
      ? `all ${rows.length} bars hold`
      : `${missed} of ${rows.length} bars missed`
  return [...lines, verdict].join('\n')
}

const width = (rows: readonly BarRow[], field: 'story' | 'bar'): number =>
  Math.max(0, ...rows.map(row => row[field].length))
