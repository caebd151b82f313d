// What holds for every small value, wherever a document uses it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mustParseDuration } from '#foundation/duration.ts'
import { KINDS } from './kinds.ts'
import { duration } from './scalars.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The upper bound of each duration in a schema, as written. */
const mostOf = (schema: object): readonly string[] =>
  [...JSON.stringify(schema).matchAll(/"x-duration":\{[^}]*"most":"([^"]*)"/g)].map(
    ([, most = '']) => most,
  )

const tooLong = (most: readonly string[]): readonly string[] =>
  most.filter(text => mustParseDuration(text) > LONGEST_TIMER_MS)

test('every duration of a document fits a timer', () => {
  const all = Object.values(KINDS).flatMap(mostOf)
  assert.ok(all.length >= 9)
  assert.deepEqual(tooLong(all), [])
  const planted = duration({ least: '1s', most: '600h', description: 'Planted.' })
  assert.deepEqual(tooLong(mostOf(planted)), ['600h'])
})
