// Which removals are believed. Each case names the fleet before, the answer, and what is served.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance } from './instance.ts'
import { guardRemovals } from './removal-guard.ts'

const ready = (name: string, more: Partial<Instance> = {}): Instance => ({
  key: name,
  host: `host-${name}`,
  port: 80,
  weight: 1,
  state: 'ready',
  ...more,
})
const fleet = (names: string) => Array.from(names, name => ready(name))
/** A held instance is written in capitals. */
const served = (last: readonly Instance[], next: readonly Instance[]) =>
  guardRemovals(last, next)
    .map(({ key, isHeld }) => (isHeld === true ? key.toUpperCase() : key))
    .join('')

test('one of two and one of three leave at once', () => {
  assert.equal(served(fleet('ab'), fleet('a')), 'a')
  assert.equal(served(fleet('abc'), fleet('ab')), 'ab')
  assert.equal(served(fleet('abcd'), fleet('ab')), 'ab')
})

test('more than half, and the last one, are held', () => {
  assert.equal(served(fleet('abc'), fleet('a')), 'aBC')
  assert.equal(served(fleet('a'), []), 'A')
  assert.equal(served(fleet('abcd'), []), 'ABCD')
})

test('after the source was away any removal is held', () => {
  const after = (last: string, next: string) =>
    guardRemovals(fleet(last), fleet(next), { wasAway: true })
      .map(({ key, isHeld }) => (isHeld === true ? key.toUpperCase() : key))
      .join('')
  assert.equal(after('abc', 'ab'), 'abC')
  assert.equal(after('abc', 'abc'), 'abc')
  assert.equal(after('ab', ''), 'AB')
})

test('a fleet that is replaced as a whole is held beside its successor', () => {
  assert.equal(served(fleet('ab'), fleet('cd')), 'cdAB')
})

test('held instances stay held over later answers, and lose the mark when they come back', () => {
  const once = guardRemovals(fleet('abc'), fleet('a'))
  assert.equal(served(once, fleet('a')), 'aBC')
  assert.equal(served(once, fleet('ab')), 'abC')
  assert.equal(served(once, []), 'BCA')
})

test('held instances do not count as a pool that could hide a mass removal', () => {
  const once = guardRemovals(fleet('abcde'), fleet('ab'))
  assert.equal(served(once, fleet('a')), 'aCDE')
})

test('instances that were draining or down leave for good, and are not counted', () => {
  const last = [ready('a'), ready('b', { state: 'draining' }), ready('c', { state: 'down' })]
  assert.equal(served(last, fleet('a')), 'a')
  assert.equal(served(last, []), 'A')
})

test('an instance that comes back under another key at the same address replaces the old one', () => {
  assert.equal(served(fleet('a'), [ready('x', { host: 'host-a' })]), 'x')
})

test('one that moved to another address under its key is not held at the old one', () => {
  assert.equal(served(fleet('ab'), [ready('a', { host: 'moved' }), ready('b')]), 'ab')
  assert.equal(served(fleet('a'), [ready('a', { host: 'moved' })]), 'a')
})

test('what leaves a fleet that was more than twice as large lately is held, though each answer takes little', () => {
  const after = (last: string, next: string, most: number) =>
    guardRemovals(fleet(last), fleet(next), { most })
      .map(({ key, isHeld }) => (isHeld === true ? key.toUpperCase() : key))
      .join('')
  assert.equal(after('abcde', 'abcd', 8), 'abcd')
  assert.equal(after('abcd', 'abc', 8), 'abcD')
  assert.equal(after('abc', 'abcx', 10), 'abcx')
})

test('a fleet of any size that a router is made for is held whole', () => {
  const many = Array.from({ length: 12_000 }, (_, position) => ready(`k${position}`))
  assert.equal(guardRemovals(many, []).length, 12_000)
})

test('what is held is bounded when fleets are replaced again and again', () => {
  const many = (from: number) =>
    Array.from({ length: 9_000 }, (_, position) => ready(`k${from + position}`))
  let last: readonly Instance[] = many(0)
  for (let round = 1; round <= 4; round += 1) last = guardRemovals(last, many(round * 10_000))
  assert.equal(last.filter(({ isHeld }) => isHeld).length, 20_000)
  assert.ok(
    last.some(({ key }) => key === 'k30000'),
    'the newest of the held are kept',
  )
})
