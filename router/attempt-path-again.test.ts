// What stands between one try and the next: whether the pool has somebody left for it, and a pause that nobody is made to sit through.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { attemptPorts } from '#test/support/attempt-ports.ts'
import { callAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { openAttempts } from './open-attempts.ts'

function ground(t: TestContext, ports: readonly number[]) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const endpoints = serveAt(active, clusters, { cluster: 'crm', ports })
  const path = openAttempts(attemptPorts(active, fakeSend()), () => () => undefined).attempts
  return { path, endpoints }
}

test('a call goes nowhere else when every replica was tried, or more than half of them are out', t => {
  const { path, endpoints } = ground(t, [1, 2, 3, 4])
  const denial = (...tried: readonly number[]) =>
    path.poolDenial(callAs(), new Set(tried.map(port => `127.0.0.1:${port}`)))
  assert.equal(denial(1), undefined)
  assert.equal(denial(1, 2, 3, 4), 'no_other')
  const [, , third, fourth] = endpoints
  third?.becomeDown('dead')
  fourth?.becomeDown('dead')
  assert.equal(denial(1), undefined, 'half of them are left')
  endpoints[1]?.becomeDown('dead')
  assert.equal(denial(1), 'mostly_out')
})

test('a cluster that a newer table has left out has no other replica', t => {
  const { path } = ground(t, [1, 2])
  const cluster = clusterPolicy('gone')
  assert.equal(path.poolDenial(callAs({ cluster }), new Set()), 'no_other')
})

test('a pause ends in its time, and at once when the caller leaves or the call’s time is up', async t => {
  const { path } = ground(t, [1, 2])
  const caller = fakeCaller()
  const { deadline, end } = fakeDeadline({ leftMs: 1_000 })
  const ended: string[] = []
  const pausing = (name: string, call = callAs()): void =>
    void path.pause(call, 100).then(() => ended.push(name))
  pausing('in time')
  pausing('left', callAs({ caller }))
  pausing('over', callAs({ deadline }))
  await settle()
  assert.deepEqual(ended, [])
  caller.leave()
  await settle()
  assert.deepEqual(ended, ['left'])
  end()
  await settle()
  assert.deepEqual(ended, ['left', 'over'])
  t.mock.timers.tick(100)
  await settle()
  assert.deepEqual(ended, ['left', 'over', 'in time'])
})
