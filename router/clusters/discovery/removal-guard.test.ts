// Which removals are believed. Each case names the fleet before, the answer, and what is served.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance } from './instance.ts'
import { guardRemovals, release } from './removal-guard.ts'

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

const failing = (name: string, more: Partial<Instance> = {}): Instance =>
  ready(name, { state: 'down', reason: 'check beat is critical', hasFailedCheck: true, ...more })

test('checks that fail for more than half at once, or for the last one, are doubted', () => {
  const some = [failing('a'), ...fleet('bcd')]
  assert.equal(served(fleet('abcd'), some), 'abcd')
  assert.deepEqual(guardRemovals(fleet('abcd'), some), some)
  assert.equal(served(fleet('abcd'), [failing('a'), failing('b'), ...fleet('cd')]), 'abcd')
  assert.equal(served(fleet('abc'), [failing('a'), failing('b'), ready('c')]), 'ABc')
  assert.equal(served(fleet('a'), [failing('a')]), 'A')
  const [held] = guardRemovals(fleet('a'), [failing('a')])
  assert.deepEqual([held?.state, held?.reason], ['ready', 'check beat is critical'])
})

test('after the source was away any check that fails is doubted', () => {
  const [held] = guardRemovals(fleet('abc'), [failing('a'), ...fleet('bc')], { wasAway: true })
  assert.deepEqual([held?.state, held?.isHeld], ['ready', true])
})

test('some that leave and some whose checks fail are more than half together', () => {
  assert.equal(served(fleet('abc'), [failing('a'), ready('b')]), 'AbC')
})

test('a doubted check stays doubted over later answers, and no longer when it passes or somebody takes the replica out', () => {
  const once = guardRemovals(fleet('ab'), [failing('a'), failing('b')])
  assert.equal(served(once, [failing('a'), failing('b', { weight: 2 })]), 'AB')
  assert.equal(served(once, [failing('a'), ready('b')]), 'Ab')
  const taken = guardRemovals(once, [failing('a'), ready('b', { state: 'down' })])
  assert.deepEqual(
    taken.map(({ state }) => state),
    ['ready', 'down'],
  )
  assert.equal(served(once, [failing('a')]), 'AB')
})

test('one that is released is down where it is listed still, and gone where it is not', () => {
  const once = guardRemovals(fleet('ab'), [failing('a'), failing('b')])
  const then = guardRemovals(once, [failing('a')])
  assert.deepEqual(then.map(release), [failing('a'), undefined])
  assert.deepEqual(guardRemovals(fleet('a'), []).map(release), [undefined])
})

test('replicas that somebody takes out leave at once, however many they are', () => {
  const next = [
    ready('a', { state: 'down', reason: 'maintenance' }),
    ready('b', { state: 'draining' }),
  ]
  assert.deepEqual(guardRemovals(fleet('ab'), next, { wasAway: true }), next)
})

test('a check that fails for one that was down, or elsewhere, or is new, is believed', () => {
  const down = [failing('a')]
  for (const last of [[failing('a')], [ready('a', { host: 'elsewhere' })], fleet('b')])
    assert.equal(
      guardRemovals(last, down).find(({ key }) => key === 'a')?.state,
      'down',
      JSON.stringify(last),
    )
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
