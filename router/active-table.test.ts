// A new table takes over whole: clusters that did not change go on, new ones are made ready first, old ones are closed after.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterPolicy, instanceAt, tableOf } from '#test/support/cluster-policy.ts'
import { settle } from '#test/support/manual-time.ts'
import { playedClusters } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'

const CRM = clusterPolicy('crm')
const WEB = clusterPolicy('web')
const HR = clusterPolicy('hr')

test('the first table is in force at once, its clusters open', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM, WEB), clusters.open)
  assert.deepEqual(clusters.opened, ['crm', 'web'])
  assert.equal(active.table.version, 'v1')
  assert.equal(active.cluster('crm')?.policy, CRM)
  assert.equal(active.cluster('hr'), undefined)
  assert.equal(active.server('default')?.members.length, 2)
})

test('names that every object has are no servers', () => {
  const active = new ActiveTable(tableOf('v1'), playedClusters().open)
  for (const name of ['__proto__', 'constructor', 'toString', 'sales'])
    assert.equal(active.server(name), undefined)
})

test('a cluster whose policy is the same goes on, one whose policy changed is opened anew', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM, WEB), clusters.open)
  const [crm, web] = [active.cluster('crm'), active.cluster('web')]
  const oldSource = clusters.source('web')
  const changed = { ...WEB, path: '/other' }
  const applying = active.apply(
    tableOf('v2', { ...CRM, connections: { ...CRM.connections } }, changed),
  )
  await settle()
  clusters.source('web').publish()
  await applying
  assert.equal(active.cluster('crm'), crm)
  assert.notEqual(active.cluster('web'), web)
  assert.equal(active.cluster('web')?.policy, changed)
  assert.equal(oldSource.isClosed(), true)
  assert.deepEqual(clusters.opened, ['crm', 'web', 'web'])
})

test('the old table serves until every new cluster has asked its replicas', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM), clusters.open)
  const applying = active.apply(tableOf('v2', CRM, HR))
  await settle()
  clusters.source('hr').publish(instanceAt(1))
  await settle()
  assert.equal(active.table.version, 'v1')
  t.mock.timers.tick(100)
  await applying
  assert.equal(active.table.version, 'v2')
  assert.equal(active.cluster('hr')?.serving('modern').length, 1)
})

test('a source that is not heard of holds a table up for two seconds, not for ever', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM), clusters.open)
  const applying = active.apply(tableOf('v2', HR))
  await settle()
  t.mock.timers.tick(1_999)
  await settle()
  assert.equal(active.table.version, 'v1')
  t.mock.timers.tick(1)
  await applying
  assert.equal(active.table.version, 'v2')
  assert.equal(active.cluster('crm'), undefined)
})

test('tables follow one another, and the last one given is the one in force', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM), clusters.open)
  const second = active.apply(tableOf('v2', HR))
  await settle()
  const third = active.apply(tableOf('v3', CRM))
  t.mock.timers.tick(2_000)
  await second
  assert.equal(active.table.version, 'v2')
  await settle()
  t.mock.timers.tick(2_000)
  await third
  assert.equal(active.table.version, 'v3')
})

test('of the tables that wait only the newest is made ready, and whoever gave an older one is told with it', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM), clusters.open)
  const first = active.apply(tableOf('v2', HR))
  await settle()
  const waiting = [3, 4, 5, 6].map(number =>
    active.apply(tableOf(`v${number}`, { ...WEB, path: `/${number}` })),
  )
  t.mock.timers.tick(2_000)
  await first
  await settle()
  t.mock.timers.tick(2_000)
  await Promise.all(waiting)
  assert.equal(active.table.version, 'v6')
  assert.deepEqual(clusters.opened, ['crm', 'hr', 'web'])
})

test('a table that cannot be opened leaves the old one in force, nothing half open, and the next one its turn', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM), policy => {
    if (policy.name === 'web') throw new Error('no such source')
    return clusters.open(policy)
  })
  await assert.rejects(active.apply(tableOf('v2', HR, WEB)), /no such source/)
  assert.equal(active.table.version, 'v1')
  assert.equal(clusters.source('crm').isClosed(), false)
  assert.equal(clusters.source('hr').isClosed(), true)
  await active.apply(tableOf('v3', CRM))
  assert.equal(active.table.version, 'v3')
})

test('closing closes every cluster', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', CRM, WEB), clusters.open)
  await active.close()
  assert.ok(clusters.source('crm').isClosed() && clusters.source('web').isClosed())
})
