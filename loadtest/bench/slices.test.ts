// Ratios of the same round, and what takes a round out of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeSlices, sliceOf } from './made-slices.ts'
import { faultsOf, type Pair, sameRoundRatios } from './slices.ts'

const pair: Pair = { over: 'router', under: 'haproxy', measure: 'rps', connections: 16 }

test('a ratio is taken within a round, so that a slow hour cancels out', () => {
  const slices = [
    sliceOf('router', { round: 0, rps: 100 }),
    sliceOf('haproxy', { round: 0, rps: 400 }),
    sliceOf('router', { round: 1, rps: 10 }),
    sliceOf('haproxy', { round: 1, rps: 40 }),
  ]
  assert.deepEqual(sameRoundRatios(slices, pair), [0.25, 0.25])
})

test('a dropped slice takes its round out, whichever side it was', () => {
  for (const arm of ['router', 'haproxy'] as const) {
    const slices = madeSlices(3, slice =>
      slice.arm === arm && slice.round === 1 ? { dropped: 'busy' } : {},
    )
    assert.equal(sameRoundRatios(slices, pair).length, 2)
  }
  assert.equal(sameRoundRatios(madeSlices(3), pair).length, 3)
})

test('a dropped slice of a third arm changes nothing', () => {
  const slices = madeSlices(3, slice => (slice.arm === 'nginx' ? { dropped: 'busy' } : {}))
  assert.equal(sameRoundRatios(slices, pair).length, 3)
})

test('CPU is compared a call, and numbers of connections never mix', () => {
  const slices = [
    sliceOf('router', { cpuUsPerCall: 60 }),
    sliceOf('haproxy', { cpuUsPerCall: 15 }),
    sliceOf('router', { connections: 64, cpuUsPerCall: 600 }),
  ]
  assert.deepEqual(sameRoundRatios(slices, { ...pair, measure: 'cpu' }), [4])
  assert.deepEqual(sameRoundRatios(slices, { ...pair, measure: 'cpu', connections: 64 }), [])
})

test('what is added is what is over the direct arm of the same round', () => {
  const slices = [
    sliceOf('direct', { connections: 1, p50Us: 70 }),
    sliceOf('haproxy', { connections: 1, p50Us: 130 }),
    sliceOf('router', { connections: 1, p50Us: 160 }),
  ]
  const added: Pair = { ...pair, measure: 'p50 added', connections: 1 }
  assert.deepEqual(sameRoundRatios(slices, added), [1.5])
  assert.deepEqual(sameRoundRatios(slices.slice(1), added), [], 'no direct arm')
  const faster = [...slices.slice(1), sliceOf('direct', { connections: 1, p50Us: 130 })]
  assert.deepEqual(sameRoundRatios(faster, added), [], 'haproxy adds nothing')
})

test('a slice without calls gives no ratio', () => {
  const slices = [sliceOf('router', { rps: 0 }), sliceOf('haproxy')]
  assert.deepEqual(sameRoundRatios(slices, pair), [])
})

test('errors, silence and answers of another length are told by arm', () => {
  assert.deepEqual(faultsOf(madeSlices(3)), [])
  const faults = faultsOf(
    madeSlices(3, ({ arm, round, connections }) => {
      if (round !== 1 || connections !== 16) return {}
      if (arm === 'router') return { errors: 4 }
      if (arm === 'nginx') return { calls: 0 }
      return arm === 'floor' ? { bytesPerCall: 250 } : {}
    }),
  )
  assert.deepEqual(faults, [
    'nginx answered nothing in 1 slices',
    'floor answered with another length in 1 slices',
    'router had 4 errors or answers that are no 2xx',
  ])
})

test('an error in a dropped slice is an error all the same', () => {
  const [slice] = madeSlices(1, () => ({ dropped: 'busy', errors: 1 }))
  assert.equal(faultsOf(slice === undefined ? [] : [slice]).length, 1)
})
