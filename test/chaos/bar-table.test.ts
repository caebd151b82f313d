// The table of bars: a missed bar, a story that broke and one that said nothing all show, and none passes for held.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barTable, rowsIn } from './kit/bar-table.ts'

const PRINTED = [
  'R1: a story',
  '        calls: 900 at 300/s',
  '  ok    last call given to it, at most 1 s: 12 ms after',
  '  MISS  calls that failed: 3: 3 × RINGMAIN_OUTCOME_UNKNOWN',
].join('\n')

test('each bar that a story printed is a row, with its figure', () => {
  assert.deepEqual(rowsIn('kill', PRINTED, 1), [
    {
      story: 'R1 kill',
      bar: 'last call given to it, at most 1 s',
      figure: '12 ms after',
      isHeld: true,
    },
    {
      story: 'R1 kill',
      bar: 'calls that failed',
      figure: '3: 3 × RINGMAIN_OUTCOME_UNKNOWN',
      isHeld: false,
    },
  ])
})

test('a story that ended badly, or without a word, has missed a bar', () => {
  const held = '  ok    something: 1'
  assert.equal(
    rowsIn('a', held, 0).every(({ isHeld }) => isHeld),
    true,
  )
  assert.equal(rowsIn('a', held, 1).at(-1)?.isHeld, false)
  assert.equal(rowsIn('a', held, null).at(-1)?.isHeld, false)
  assert.equal(rowsIn('a', '', 0).at(-1)?.isHeld, false)
})

test('the last line says whether all bars hold', () => {
  const [first, second] = rowsIn('kill', PRINTED, 1)
  assert.ok(first !== undefined && second !== undefined)
  assert.match(barTable([first]), /^HOLD {2}R1 kill .*\nall 1 bars hold$/)
  assert.match(barTable([first, second]), /\nMISS {2}R1 kill .*\n1 of 2 bars missed$/)
  assert.match(barTable([]), /0 of 0 bars missed/)
})
