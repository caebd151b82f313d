// Sets that share their ends, in whatever order they come: what is published and held back is the same as if each instance were looked at.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import type { Instance } from './instance.ts'
import { createInstanceFeed } from './instance-feed.ts'
import { guardRemovals } from './removal-guard.ts'
import { betweenSameEnds } from './same-ends.ts'

const instance = (number: number, weight: number): Instance => ({
  key: `node/${String(number).padStart(2, '0')}`,
  host: '127.0.0.1',
  port: 9_000 + number,
  weight,
  state: 'ready',
})

/** Instances are made once, as a source that repeats them gives the same objects. */
const POOL = Array.from({ length: 30 }, (_, number) => [
  instance(number, 1),
  instance(number, 2),
  instance(number, 1), // the same, and another object
])
const set = fc
  .shuffledSubarray(
    POOL.map((_, number) => number),
    { maxLength: 30 },
  )
  .chain(numbers =>
    fc
      .tuple(fc.boolean(), fc.array(fc.nat(2), { minLength: 30, maxLength: 30 }))
      .map(([isSorted, versions]) => {
        const ordered = isSorted ? numbers.toSorted((one, other) => one - other) : numbers
        return ordered.map(number => POOL[number]?.[versions[number] ?? 0] as Instance)
      }),
  )
/** The set before with few changes, as most answers are. */
const sets = fc.array(set, { minLength: 1, maxLength: 4 }).chain(([first = [], ...others]) =>
  fc.tuple(fc.nat(30), fc.nat(3), fc.nat(2)).map(([at, gone, version]) => {
    const next = first.toSpliced(at, gone)
    const near = next.map((one, place) =>
      place === at ? (POOL[one.port - 9_000]?.[version] as Instance) : one,
    )
    return [first, near, ...others]
  }),
)

test('what lies between the same ends is all that differs', () => {
  const [a, b, c, d] = [instance(1, 1), instance(2, 1), instance(3, 1), instance(4, 1)] as const
  const { last, next, before, behind } = betweenSameEnds([a, b, d], [a, c, b, d])
  assert.deepEqual([last, next, before, behind], [[], [c], 1, 2])
  assert.deepEqual(betweenSameEnds([a, a], [a]), { last: [a], next: [], before: 1, behind: 0 })
  assert.deepEqual(betweenSameEnds([], [a]).next, [a])
})

test('a feed publishes each set in order, and keeps the object of what has not changed', t => {
  const clock = { nowMs: () => 0, wallMs: () => 0 }
  const log = { info: () => undefined, warn: () => undefined }
  fc.assert(
    fc.property(sets, answers => {
      const feed = createInstanceFeed({ kind: 'consul', clock, log })
      feed.begin(() => undefined)
      for (const answer of answers) {
        const before = new Map(feed.current().map(one => [one.key, one]))
        feed.accept(answer)
        const wanted = answer
          .toSorted((one, other) => (one.key < other.key ? -1 : 1))
          .map(one => (before.get(one.key)?.weight === one.weight ? before.get(one.key) : one))
        assert.deepEqual(feed.current(), wanted)
        for (const [place, one] of feed.current().entries()) assert.equal(one, wanted[place])
      }
    }),
    runOf(t),
  )
})

test('what is missing from a set is found wherever it stood', t => {
  fc.assert(
    fc.property(sets, ([last = [], next = []]) => {
      const guarded = guardRemovals(last, next, { wasAway: true })
      const keys = new Set(next.map(({ key }) => key))
      const missing = last.filter(({ key }) => !keys.has(key)).map(({ key }) => key)
      assert.deepEqual(
        guarded.slice(next.length).map(({ key }) => key),
        missing,
      )
      assert.deepEqual(guarded.slice(0, next.length), next)
    }),
    runOf(t),
  )
})
