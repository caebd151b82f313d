// How long a decision holds, who hears of it, and how many there may be.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Overrides } from './overrides.ts'

const DRAIN = { state: 'draining', reason: 'why', forMs: 1_000 } as const

interface Ground {
  readonly overrides: Overrides
  readonly ended: readonly string[]
  /** Replicas of `crm` of which something was told. */
  readonly told: string[]
}

function ground(t: TestContext): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const ended: string[] = []
  const told: string[] = []
  const clock = { nowMs: () => 500, wallMs: () => 0 }
  const overrides = new Overrides(clock, (...names) => ended.push(names.join(' ')))
  overrides.about('crm').follow(key => told.push(key))
  t.after(() => overrides.close())
  return { overrides, ended, told }
}

test('it ends by itself when its time is over, and not before', t => {
  const { overrides, ended, told } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  t.mock.timers.tick(999)
  const override = { state: 'draining', reason: 'why', untilMs: 1_500 }
  assert.deepEqual(overrides.of('crm', 'a'), { override })
  assert.deepEqual([overrides.of('crm', 'b'), overrides.of('other', 'a')], [{}, {}])
  t.mock.timers.tick(1)
  assert.deepEqual(overrides.of('crm', 'a'), {})
  assert.deepEqual([ended, told], [['crm a'], ['a', 'a']])
})

test('a newer one takes the place of an earlier one, and its time begins anew', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  overrides.set('crm', 'a', { weight: 3, reason: 'else', forMs: 5_000 })
  t.mock.timers.tick(1_000)
  assert.equal(overrides.of('crm', 'a').override?.weight, 3)
  assert.deepEqual(ended, [])
})

test('one that was cleared ends without a word', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  overrides.clear('crm', 'a')
  assert.equal(overrides.has('crm', 'a'), false)
  t.mock.timers.tick(1_000)
  assert.deepEqual(ended, [])
})

test('a breaker is held whatever becomes of an override beside it, and the other way round', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  overrides.hold('crm', 'a', 'open')
  assert.equal(overrides.of('crm', 'a').override?.state, 'draining')
  t.mock.timers.tick(1_000)
  assert.deepEqual(ended, ['crm a'])
  assert.deepEqual(overrides.of('crm', 'a'), { breaker: 'open' })
  overrides.set('crm', 'a', DRAIN)
  overrides.hold('crm', 'a', undefined)
  assert.deepEqual(Object.keys(overrides.of('crm', 'a')), ['override'])
  overrides.clear('crm', 'a')
  assert.equal(overrides.has('crm', 'a'), false)
})

test('all clusters of a name hear of what concerns them, until they are closed', t => {
  const { overrides, told } = ground(t)
  const second: string[] = []
  const unfollow = overrides.about('crm').follow(key => second.push(key))
  overrides.set('crm', 'a', DRAIN)
  overrides.set('other', 'b', DRAIN)
  unfollow()
  overrides.hold('crm', 'c', 'closed')
  assert.deepEqual([told, second], [['a', 'c'], ['a']])
  assert.deepEqual([...overrides.about('crm').keys()], ['a', 'c'])
})

test('more than a thousand are refused, and one of the thousand may still be changed', t => {
  const { overrides } = ground(t)
  for (let count = 0; count < 1_000; count += 1)
    assert.ok(overrides.set(`crm ${count % 3}`, String(count), DRAIN) !== undefined)
  assert.equal(overrides.set('crm', 'one more', DRAIN), undefined)
  assert.equal(overrides.hold('crm', 'one more', 'open'), false)
  assert.ok(overrides.set('crm 1', '7', DRAIN) !== undefined)
  assert.equal(overrides.hold('crm 1', '7', 'open'), true)
})
