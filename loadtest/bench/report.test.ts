// What a run prints: it fits, and says what was kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeSlices } from './made-slices.ts'
import { reportOf } from './report.ts'
import { judge } from './verdict.ts'

test('a report fits 100 columns, with rates of six digits and a fixed rate', () => {
  const slices = madeSlices(3)
  const fixed = slices
    .filter(({ connections }) => connections === 16)
    .map(slice => ({ ...slice, connections: 32 }))
  const text = reportOf(slices, fixed, judge(slices, fixed))
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
  assert.match(text, /^ {2}router +15000 +190 +1000 +66\.7 +0\.107 +3\/3$/m)
  assert.match(
    text,
    /^ {2}router \/ haproxy calls\/s at 16 +0\.25 +0\.25 +0\.25 +>= 0\.22 +>= 0\.33 +held$/m,
  )
  assert.match(text, /fixed rate, 32 connections/)
  assert.match(text, /^Held: every must\.$/m)
})

test('dropped slices are counted and give no figure', () => {
  const slices = madeSlices(3, ({ arm }) => (arm === 'router' ? { dropped: 'busy' } : {}))
  const text = reportOf(slices, [], judge(slices, []))
  assert.match(text, /^ {2}router +- +- +- +- +- +0\/3$/m)
  assert.match(text, /^Inconclusive, so nothing here may be quoted:$/m)
})

test('what was not measured is not told as held', () => {
  const slices = madeSlices(3)
  assert.match(
    reportOf(slices, [], judge(slices, [])),
    /^Held: every must that was measured\. Not measured:\n {2}router \/ haproxy p99 at a fixed rate$/m,
  )
})
