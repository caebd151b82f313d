// Which replica is asked of a task: the one that made it, while anybody knows of it.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { callAs } from '#test/support/call-facts.ts'
import { clusterPolicy, instanceAt, tableOf } from '#test/support/cluster-policy.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { holderChoice } from './task-holder.ts'

const A = '127.0.0.1:1'

function ground(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const serve = () => serveAt(active, clusters, { cluster: 'crm', ports: [1, 2] })
  const choose = async (holder?: string, tried: readonly string[] = []): Promise<unknown> => {
    const call = callAs(holder === undefined ? {} : { holder })
    const choice = await holderChoice({ active }, call, new Set(tried))
    if (choice === undefined) return 'anybody'
    if (choice.kind === 'refuse') return choice.refusal.says
    const { endpoint, isBound, era } = choice.replica
    return [endpoint.key, isBound, era]
  }
  return { clusters, serve, choose }
}

const AWAY = /^The replica that holds the task cannot be asked now/

test('the replica that made it is asked, and of what is no task anybody', async t => {
  const { serve, choose } = ground(t)
  serve()
  assert.deepEqual(await choose(A), [A, false, 'modern'])
  assert.equal(await choose(), 'anybody')
})

test('while it cannot be asked nobody else is, who would say that there is none', async t => {
  const { serve, choose } = ground(t)
  assert.match(String(await choose(A)), /has not heard from discovery yet/)
  const [first] = serve()
  assert.match(String(await choose(A, [A])), AWAY)
  assert.ok(first !== undefined)
  first.learned = { ...MODERN, eras: ['legacy'] }
  assert.match(String(await choose(A)), AWAY)
  first.learned = MODERN
  first.becomeDown('no answer')
  assert.match(String(await choose(A)), AWAY)
})

test('once discovery has taken it out for good anybody is asked', async t => {
  const { clusters, serve, choose } = ground(t)
  serve()
  clusters.source('crm').publish(instanceAt(2))
  assert.equal(await choose(A), 'anybody')
})
