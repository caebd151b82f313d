// Tables that fit the width they are given: first long cells are cut, then the least important columns go.
// Cells are painted after they are measured, since colour codes have no width.

export interface Column<Row> {
  readonly head: string
  readonly value: (row: Row) => string
  readonly align?: 'left' | 'right'
  /** May be cut down to this many characters. */
  readonly least?: number
  /** Order of leaving when the table is too wide, lowest first; a column without a rank stays. */
  readonly leaves?: number
  readonly paint?: (text: string, row: Row) => string
}

export interface RenderedTable {
  readonly lines: readonly string[]
  /** Heads of the columns that had no room. */
  readonly hidden: readonly string[]
}

const GAP = 2

export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): RenderedTable {
  let shown = [...columns]
  const hidden: string[] = []
  let widths = fit(shown, rows, width)
  while (sum(widths) > width) {
    const leaving = shown
      .filter(column => column.leaves !== undefined)
      .sort((a, b) => (a.leaves ?? 0) - (b.leaves ?? 0))[0]
    if (leaving === undefined) break
    hidden.push(leaving.head)
    shown = shown.filter(column => column !== leaving)
    widths = fit(shown, rows, width)
  }
  const line = (cell: (column: Column<Row>, room: number) => string): string =>
    shown
      .map((column, index) => cell(column, widths[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd()
  return {
    lines: [
      line((column, room) => place(column.head, room, column.align)),
      ...rows.map(row =>
        line((column, room) => {
          const text = place(column.value(row), room, column.align)
          return column.paint === undefined ? text : column.paint(text, row)
        }),
      ),
    ],
    hidden,
  }
}

/** Natural widths, with the widest cuttable column cut again and again until the table fits or none can give. */
function fit<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly number[] {
  const widths = columns.map(column =>
    Math.max(column.head.length, ...rows.map(row => column.value(row).length)),
  )
  for (let excess = sum(widths) - width; excess > 0; excess = sum(widths) - width) {
    const index = widestCuttable(columns, widths)
    if (index === undefined) break
    const least = Math.max(columns[index]?.least ?? 0, columns[index]?.head.length ?? 0)
    widths[index] = Math.max(least, (widths[index] ?? 0) - excess)
  }
  return widths
}

function widestCuttable<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
): number | undefined {
  let best: number | undefined
  for (const [index, column] of columns.entries()) {
    const room = widths[index] ?? 0
    if (column.least === undefined || room <= Math.max(column.least, column.head.length)) continue
    if (best === undefined || room > (widths[best] ?? 0)) best = index
  }
  return best
}

const sum = (widths: readonly number[]): number =>
  widths.reduce((total, room) => total + room, 0) + GAP * Math.max(0, widths.length - 1)

function place(text: string, room: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, room)
  return align === 'right' ? cut.padStart(room) : cut.padEnd(room)
}

/** Text of at most `room` characters; an ellipsis shows that something is missing. */
export function cutTo(raw: string, room: number): string {
  const text = withoutControls(raw)
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`
}

/** Names and reasons come from other machines: none of them may move the cursor or colour the screen. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '�')
}
