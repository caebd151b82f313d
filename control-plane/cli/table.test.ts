// Tables keep to their width, and give up what matters least first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Column, cutTo, renderTable, withoutControls } from './table.ts'

interface Row {
  readonly name: string
  readonly reason: string
  readonly calls: number
}

const columns: readonly Column<Row>[] = [
  { head: 'NAME', value: ({ name }) => name },
  { head: 'REASON', value: ({ reason }) => reason, least: 10 },
  { head: 'EXTRA', value: () => 'x'.repeat(12), leaves: 1 },
  { head: 'CALLS', value: ({ calls }) => String(calls), align: 'right' },
]
const rows = [
  { name: 'search-1', reason: 'connection refused by the machine', calls: 12_345 },
  { name: 'search-2', reason: '', calls: 1 },
]

test('every line fits the width, with numbers to the right', () => {
  for (const width of [100, 80, 60, 42]) {
    const { lines } = renderTable(columns, rows, width)
    for (const line of lines) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`)
    assert.match(lines[2] ?? '', / {4}1$/)
  }
})

test('a long cell is cut before a column goes, and the cut shows', () => {
  const { lines, hidden } = renderTable(columns, rows, 60)
  assert.deepEqual(hidden, [])
  assert.match(lines[1] ?? '', /connection re.*…/)
})

test('the least important column goes when cutting is not enough, and is named', () => {
  const { lines, hidden } = renderTable(columns, rows, 38)
  assert.deepEqual(hidden, ['EXTRA'])
  assert.ok(!lines[0]?.includes('EXTRA'))
})

test('a table without rows is its head', () => {
  assert.deepEqual(renderTable(columns, [], 80).lines, ['NAME  REASON  EXTRA  CALLS'])
})

test('colour is put on after the width is known', () => {
  const painted = [{ ...columns[0], paint: (text: string) => `<${text}>` } as Column<Row>]
  assert.deepEqual(renderTable(painted, rows, 80).lines.slice(1), ['<search-1>', '<search-2>'])
})

test('text from elsewhere cannot steer the terminal', () => {
  assert.equal(withoutControls('a\u001b[31mb\u0007'), 'a�[31mb�')
  assert.equal(cutTo('a\nb', 10), 'a�b')
})
