// How long a decision holds, and how many there may be.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Overrides } from './overrides.ts'

const DRAIN = { state: 'draining', reason: 'why', forMs: 1_000 } as const

function ground(t: TestContext): { readonly overrides: Overrides; readonly ended: string[] } {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const ended: string[] = []
  const clock = { nowMs: () => 500, wallMs: () => 0 }
  const overrides = new Overrides(clock, ({ cluster, replica }) =>
    ended.push(`${cluster} ${replica}`),
  )
  t.after(() => overrides.close())
  return { overrides, ended }
}

test('it ends by itself when its time is over, and not before', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  t.mock.timers.tick(999)
  assert.deepEqual(overrides.of('crm', 'a'), { state: 'draining', reason: 'why', untilMs: 1_500 })
  assert.equal(overrides.of('crm', 'b') ?? overrides.of('other', 'a'), undefined)
  t.mock.timers.tick(1)
  assert.equal(overrides.of('crm', 'a'), undefined)
  assert.deepEqual(ended, ['crm a'])
})

test('a newer one takes the place of an earlier one, and its time begins anew', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  overrides.set('crm', 'a', { weight: 3, reason: 'else', forMs: 5_000 })
  t.mock.timers.tick(1_000)
  assert.equal(overrides.of('crm', 'a')?.weight, 3)
  assert.deepEqual(ended, [])
})

test('one that was cleared ends without a word', t => {
  const { overrides, ended } = ground(t)
  overrides.set('crm', 'a', DRAIN)
  assert.deepEqual([overrides.clear('crm', 'a'), overrides.clear('crm', 'a')], [true, false])
  t.mock.timers.tick(1_000)
  assert.deepEqual(ended, [])
})

test('more than a thousand are refused, and one of the thousand may still be changed', t => {
  const { overrides } = ground(t)
  for (let count = 0; count < 1_000; count += 1)
    assert.ok(overrides.set('crm', String(count), DRAIN) !== undefined)
  assert.equal(overrides.set('crm', 'one more', DRAIN), undefined)
  assert.ok(overrides.set('crm', '7', DRAIN) !== undefined)
})
