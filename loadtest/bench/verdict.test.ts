// When a run holds, misses, or must not be concluded from.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeSlices } from './made-slices.ts'
import type { Slice } from './slices.ts'
import { judge } from './verdict.ts'

const fixedSlices = (router: number): readonly Slice[] =>
  madeSlices(3)
    .filter(({ connections, arm }) => connections === 16 && ['haproxy', 'router'].includes(arm))
    .map(slice => ({ ...slice, connections: 32, p99Us: slice.arm === 'router' ? router : 1_000 }))

test('a run whose every must is met holds', () => {
  const verdict = judge(madeSlices(3), fixedSlices(2_000))
  assert.equal(verdict.ending, 'held', verdict.reasons.join('; '))
  assert.deepEqual(
    verdict.judged.map(({ ending }) => ending),
    ['held', 'held', 'held', 'held', 'held', 'held', 'held'],
  )
})

test('a goal is told apart from a must', () => {
  const verdict = judge(
    madeSlices(3, ({ arm }) => (arm === 'router' ? { rps: 22_000, cpuUsPerCall: 40 } : {})),
    [],
  )
  assert.equal(verdict.ending, 'held')
  const [throughput, cpu] = verdict.judged
  assert.equal(throughput?.ending, 'goal')
  assert.equal(cpu?.ending, 'goal')
})

test('a missed must is told with its figure and its bar', () => {
  const verdict = judge(
    madeSlices(3, ({ arm }) => (arm === 'router' ? { cpuUsPerCall: 100 } : {})),
    [],
  )
  assert.equal(verdict.ending, 'missed')
  assert.deepEqual(verdict.reasons, [
    'router / haproxy CPU a call at 16 is 6.00; it must be at most 4.50',
  ])
})

test('one loaded number of connections that misses is a miss', () => {
  const more = madeSlices(3).map(slice => ({
    ...slice,
    connections: 64,
    rps: slice.arm === 'router' ? 9_000 : slice.rps,
  }))
  const verdict = judge([...madeSlices(3), ...more.filter(({ arm }) => arm !== 'direct')], [])
  assert.equal(verdict.ending, 'missed')
  assert.ok(
    verdict.reasons.every(reason => reason.includes('at 64')),
    verdict.reasons.join('; '),
  )
})

test('two valid rounds conclude nothing, even where the figures would miss', () => {
  const slow = ({ arm, round }: Slice): Partial<Slice> => ({
    ...(arm === 'router' ? { rps: 5_000 } : {}),
    ...(arm === 'haproxy' && round === 0 ? { dropped: 'busy' } : {}),
  })
  const verdict = judge(madeSlices(3, slow), [])
  assert.equal(verdict.ending, 'inconclusive')
  assert.match(verdict.reasons.join('; '), /fewer than 3 rounds \(one on 2\)/)
  assert.equal(judge(madeSlices(4, slow), []).ending, 'missed', 'a third round decides')
})

test('an error of any arm concludes nothing', () => {
  const verdict = judge(
    madeSlices(3, ({ arm, round }) => (arm === 'nginx' && round === 2 ? { errors: 1 } : {})),
    [],
  )
  assert.equal(verdict.ending, 'inconclusive')
  assert.deepEqual(verdict.reasons, ['nginx had 2 errors or answers that are no 2xx'])
})

test('a floor that is off concludes nothing, in both directions', () => {
  for (const rps of [15_000, 40_000]) {
    const verdict = judge(
      madeSlices(3, ({ arm }) => (arm === 'floor' ? { rps } : {})),
      [],
    )
    assert.equal(verdict.ending, 'inconclusive')
    assert.match(
      verdict.reasons.join('; '),
      /floor \/ haproxy is 0\.\d\d at 16 connections, outside/,
    )
  }
})

test('an arm that was left out concludes nothing', () => {
  const verdict = judge(
    madeSlices(3).filter(({ arm }) => arm !== 'haproxy+jwt'),
    [],
  )
  assert.equal(verdict.ending, 'inconclusive')
  assert.deepEqual(verdict.reasons, ['router / haproxy+jwt calls/s at 16 was not measured'])
})

test('a machine without a fixed-rate generator concludes from the rest', () => {
  const verdict = judge(madeSlices(3), [])
  assert.equal(verdict.ending, 'held')
  const fixed = verdict.judged.find(({ at }) => at === 'fixed rate')
  assert.equal(fixed?.ending, 'not measured')
})

test('a fixed rate that was measured is held to its bar', () => {
  assert.equal(judge(madeSlices(3), fixedSlices(3_000)).ending, 'missed')
})

test('a run that was mostly dropped says why', () => {
  const verdict = judge(
    madeSlices(3, () => ({ dropped: 'busy' })),
    [],
  )
  assert.equal(verdict.ending, 'inconclusive')
  assert.match(verdict.reasons[0] ?? '', /36 of 36 slices were dropped/)
})
