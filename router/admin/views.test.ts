// What the admin listener shows of clusters and replicas, field by field.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView, EndpointView } from '#foundation/admin-views.ts'
import { shownCluster, shownEndpoint } from '#test/support/shown-cluster.ts'
import { clusterList, type ShownCluster, type ShownEndpoint } from './views.ts'

const NOW = { nowMs: 1_000, wallMs: 15_000.4 }

const viewOf = (cluster: ShownCluster): ClusterView =>
  clusterList([cluster], 'v1', NOW).items[0] ?? assert.fail('nothing is shown')
const endpointView = (differences: Partial<ShownEndpoint> = {}): EndpointView =>
  viewOf(shownCluster([shownEndpoint(differences)])).endpoints[0] ?? assert.fail('no endpoint')

test('a list tells its kind and the revision of the table it shows', () => {
  const { items, ...rest } = clusterList([], 'v1', NOW)
  assert.deepEqual(items, [])
  assert.deepEqual(rest, {
    apiVersion: 'ringmain/v1',
    kind: 'ClusterList',
    meta: { revision: 'v1' },
  })
})

test('a cluster tells what its policy and its source say', () => {
  const { endpoints, ...view } = viewOf(shownCluster([], { slots: { length: 7 } }))
  assert.deepEqual(endpoints, [])
  assert.deepEqual(view, {
    name: 'crm',
    vendor: 'acme',
    clearance: 'internal',
    assurance: 'standard',
    discovery: { kind: 'file', isSynced: true, from: 'source', ageMs: 5_000 },
    waiting: 7,
  })
})

test('an owner, a problem and notes are told where there are any', () => {
  const policy = { ...shownCluster().policy, owner: 'crm-team' }
  const told = viewOf(shownCluster([], { policy }, { problem: 'silent', notes: ['odd meta'] }))
  assert.equal(told.owner, 'crm-team')
  assert.equal(told.discovery.problem, 'silent')
  assert.deepEqual(told.discovery.notes, ['odd meta'])
  assert.ok(!('notes' in viewOf(shownCluster([], {}, { notes: [] })).discovery))
})

test('what is odd about its replicas together is told where there is anything', () => {
  assert.ok(!('notes' in viewOf(shownCluster())))
  assert.deepEqual(viewOf(shownCluster([], { notes: () => ['odd'] })).notes, ['odd'])
})

test('a set is as old as the newest answer of its source, one from disk as old as when it was kept', () => {
  const age = (from: 'source' | 'disk', answeredAtMs?: number): number | undefined =>
    viewOf(
      shownCluster(
        [],
        { snapshot: { from, asOfMs: 10_000 } },
        answeredAtMs === undefined ? {} : { answeredAtMs },
      ),
    ).discovery.ageMs
  assert.deepEqual(
    [age('source'), age('source', 14_000), age('disk', 14_000), age('source', 99_000)],
    [5_000, 1_000, 5_000, 0],
  )
  const unheard = viewOf(shownCluster([], { snapshot: undefined }))
  assert.deepEqual([unheard.discovery.from, unheard.discovery.ageMs], [undefined, undefined])
})

test('a replica tells where it is, how it is and what it carries', () => {
  const instance = {
    state: 'ready',
    weight: 5,
    path: '/mcp',
    node: 'n1',
    zone: 'z1',
    region: 'eu',
    datacenter: 'dc2',
    concurrency: 32,
    isHeld: true,
  } as const
  assert.deepEqual(endpointView({ instance }), {
    key: 'r1',
    url: 'http://127.0.0.1:1/mcp',
    state: 'ready',
    health: 'up',
    eras: ['modern'],
    weight: 5,
    tier: 'zone',
    node: 'n1',
    zone: 'z1',
    region: 'eu',
    datacenter: 'dc2',
    concurrency: 32,
    isHeld: true,
    isApart: false,
    ewmaMs: 12.35,
    inFlight: 1,
    streams: 2,
    calls: 3,
    faults: 4,
    checkedAgoMs: 100,
  })
})

test('why a replica takes no calls: its source’s words first, then those of the check', () => {
  const reason = 'no answer'
  assert.equal(endpointView({ health: 'down', reason }).reason, reason)
  for (const [instance, expected] of [
    [{ state: 'draining', weight: 1 }, 'draining'],
    [{ state: 'down', weight: 1, reason: 'maintenance' }, 'maintenance'],
  ] as const)
    assert.equal(endpointView({ instance, reason }).reason, expected)
})

test('a replica that nobody has asked yet tells no era and no time', () => {
  const view = endpointView({
    health: 'unknown',
    tier: undefined,
    learned: undefined,
    checkedAtMs: undefined,
  })
  assert.deepEqual(view.eras, [])
  assert.ok(
    !('checkedAgoMs' in view) && !('reason' in view) && !('zone' in view) && !('tier' in view),
  )
})
