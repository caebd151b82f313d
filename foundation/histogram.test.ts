// Series are found again by their values, count into the right bucket, and are bounded however many values callers bring.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from './histogram.ts'

const shape = {
  name: 'x.duration',
  unit: 's',
  description: 'A test.',
  boundaries: [1, 2, 5],
  labels: ['method', 'result'],
} as const

const pointsOf = (histogram: Histogram) =>
  histogram.collect().dataPoints.map(({ attributes, value }) => ({
    attributes,
    counts: value.buckets.counts,
    sum: value.sum,
    count: value.count,
  }))

test('equal values are one series, and an empty value leaves its label out', () => {
  const histogram = new Histogram(shape)
  assert.equal(histogram.series('call', 'ok'), histogram.series('call', 'ok'))
  assert.notEqual(histogram.series('call', 'ok'), histogram.series('call', ''))
  assert.deepEqual(
    pointsOf(histogram).map(point => point.attributes),
    [{ method: 'call', result: 'ok' }, { method: 'call' }],
  )
})

test('a bucket holds what is at most its bound, and one more holds the rest', () => {
  const histogram = new Histogram(shape)
  const series = histogram.series('call', 'ok')
  for (const value of [0.5, 1, 1.5, 5, 6]) series.record(value)
  assert.deepEqual(pointsOf(histogram), [
    { attributes: { method: 'call', result: 'ok' }, counts: [2, 1, 1, 1], sum: 14, count: 5 },
  ])
})

test('what comes after the most series there may be is counted together', () => {
  const histogram = new Histogram(shape)
  for (let index = 0; index < 5_000; index += 1) histogram.series(`m${index}`, 'ok').record(1)
  const points = pointsOf(histogram)
  assert.equal(points.length, 2_001)
  assert.deepEqual(points.at(-1), {
    attributes: { 'otel.metric.overflow': 'true' },
    counts: [3_000, 0, 0, 0],
    sum: 3_000,
    count: 3_000,
  })
})
