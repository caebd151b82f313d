// When calls should be sent here, and what is told of each thing that keeps them away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownCluster, shownEndpoint } from '#test/support/shown-cluster.ts'
import { type ReadyState, readyView } from './readiness.ts'
import type { ShownCluster } from './views.ts'

const WELL: ReadyState = {
  isDraining: false,
  isWarmEnough: false,
  virtualServers: 2,
  overload: { level: 0, says: 'normal' },
}

const told = (clusters: readonly ShownCluster[], state: Partial<ReadyState> = {}) => {
  const { ready, checks } = readyView(clusters, { ...WELL, ...state })
  return {
    ready,
    lines: checks.map(({ id, ok, detail }) => `${id} ${ok ? 'ok' : 'not ok'}: ${detail}`),
  }
}

test('a router whose clusters have heard and asked is ready', () => {
  assert.deepEqual(told([shownCluster([shownEndpoint(), shownEndpoint({ health: 'down' })])]), {
    ready: true,
    lines: [
      'draining ok: serving',
      'overload ok: normal',
      'documents ok: 2 virtual servers offered',
      'cluster/crm ok: 1 of 2 replicas in service',
    ],
  })
})

test('a cluster that has not heard, or has a replica that was never asked, is waited for', () => {
  const unheard = told([shownCluster([], { snapshot: undefined })])
  assert.equal(unheard.ready, false)
  assert.match(unheard.lines[3] ?? '', /not ok: nothing heard from discovery yet$/)
  const unasked = told([shownCluster([shownEndpoint({ health: 'unknown' })])])
  assert.equal(unasked.ready, false)
  assert.match(unasked.lines[3] ?? '', /not ok: 0 of 1 replicas in service$/)
})

test('it is not waited for longer than is patient, and the reason is still told', () => {
  const late = told([shownCluster([], { snapshot: undefined })], { isWarmEnough: true })
  assert.equal(late.ready, true)
  assert.match(late.lines[3] ?? '', /not ok/)
})

test('a cluster without a replica in service does not make the router unready', () => {
  const { ready, lines } = told([
    shownCluster([]),
    shownCluster([shownEndpoint({ health: 'down' })]),
  ])
  assert.equal(ready, true)
  assert.match(lines[3] ?? '', /ok: 0 of 0 replicas in service$/)
})

test('a replica that drains is not in service', () => {
  const instance = { state: 'draining', weight: 1 } as const
  assert.match(told([shownCluster([shownEndpoint({ instance })])]).lines[3] ?? '', /0 of 1/)
})

test('a set from disk and a source that fails are told, and served', () => {
  const disk = shownCluster(
    [shownEndpoint()],
    { snapshot: { from: 'disk', asOfMs: 0 } },
    { problem: 'Consul is silent' },
  )
  const { ready, lines } = told([disk])
  assert.equal(ready, true)
  assert.match(
    lines[3] ?? '',
    /ok: 1 of 1 replicas in service; from the last good set; Consul is silent$/,
  )
})

test('documents that do not compile are told, and the table before them keeps it ready', () => {
  const { ready, lines } = told([shownCluster()], {
    stale: { problem: 'mesh.yaml:3: unknown key', ageMs: 90_000 },
  })
  assert.equal(ready, true)
  assert.equal(
    lines[2],
    'documents not ok: degraded: the table before them is served, 1m 30s old; mesh.yaml:3: unknown key',
  )
})

test('a router that offers nothing is not ready, and says what to add', () => {
  const { ready, lines } = told([shownCluster()], { virtualServers: 0 })
  assert.equal(ready, false)
  assert.match(
    lines[2] ?? '',
    /not ok: no VirtualServer is defined, so nothing is offered; add one$/,
  )
})

test('a router that drains is not ready, whatever else is well', () => {
  const view = readyView([shownCluster()], { ...WELL, isWarmEnough: true, isDraining: true })
  assert.deepEqual([view.ready, view.draining], [false, true])
})

test('an overloaded router stays ready and says what it refuses, until it takes no connections', () => {
  const at = (level: number) => told([shownCluster()], { overload: { level, says: 'refuses' } })
  for (const level of [1, 2, 3]) {
    assert.equal(at(level).ready, true)
    assert.equal(at(level).lines[1], 'overload not ok: refuses')
  }
  assert.equal(at(4).ready, false)
})
