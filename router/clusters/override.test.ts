// A replica as it is with what somebody has decided about it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from './endpoint.ts'
import { overridden, waitingNotes } from './override.ts'

const REST = { reason: 'a look at its disk', untilMs: 1 }

test('a decision stands in the place of what the source says, with its reason', () => {
  const told = instanceAt(1, { weight: 3 })
  assert.equal(overridden(told, undefined), told)
  assert.deepEqual(overridden(told, { ...REST, state: 'draining' }), {
    ...told,
    state: 'draining',
    reason: 'drained by hand: a look at its disk',
  })
  assert.equal(
    overridden(told, { ...REST, state: 'down' }).reason,
    'in maintenance by hand: a look at its disk',
  )
  assert.deepEqual(overridden(told, { ...REST, weight: 9 }), { ...told, weight: 9 })
})

test('decisions about replicas that are not there are told of, the first ten of them', () => {
  const about = (keys: readonly string[]): readonly string[] =>
    waitingNotes(
      { of: () => ({}), keys: () => keys, follow: () => () => undefined },
      key => key === 'here',
    )
  assert.deepEqual(about(['here']), [])
  assert.deepEqual(about(['here', 'a', 'b']), ['decided by hand, for when they are back: a, b'])
  const many = Array.from({ length: 1_000 }, (_, place) => String(place))
  assert.match(String(about(many)), /: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9$/)
})

test('a source that takes a replica out keeps the last word', () => {
  const told = instanceAt(1, { state: 'down', reason: 'critical' })
  assert.deepEqual(overridden(told, { ...REST, state: 'draining' }), told)
})

test('it holds while the source tells news of the replica, and what the source said last is there when it ends', () => {
  const endpoint = new Endpoint(instanceAt(1))
  endpoint.override = { ...REST, state: 'draining' }
  endpoint.instance = instanceAt(1, { weight: 7 })
  assert.deepEqual([endpoint.instance.state, endpoint.instance.weight], ['draining', 7])
  endpoint.override = undefined
  assert.deepEqual(endpoint.instance, instanceAt(1, { weight: 7 }))
})
