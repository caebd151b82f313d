// From the name a caller writes to the cluster that has the tool and the name it has there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy } from '#test/support/cluster-policy.ts'
import { resolve } from './resolve.ts'

const PREFIXED: VirtualServerPolicy = {
  name: 'default',
  naming: 'prefix',
  criticality: 'critical',
  members: [
    { cluster: 'crm', prefix: 'crm' },
    { cluster: 'search', prefix: 'web' },
    { cluster: 'gone', prefix: 'gone' },
  ],
}
const plain = (...clusters: readonly string[]): VirtualServerPolicy => ({
  name: 'default',
  naming: 'plain',
  criticality: 'critical',
  members: clusters.map(cluster => ({ cluster })),
})

/** `crm` offers find and both, `search` offers query and both. */
const OFFERS: Readonly<Record<string, readonly string[]>> = {
  crm: ['find', 'both', 'a__b'],
  search: ['query', 'both'],
}

function resolved(name: string, server: VirtualServerPolicy = PREFIXED): string {
  const call = callAs({ server, message: messageAs({ params: { name } }) })
  const stage = resolve({
    cluster: cluster => (cluster in OFFERS ? clusterPolicy(cluster) : undefined),
    tool: (cluster, tool) =>
      OFFERS[cluster]?.includes(tool) === true ? { mirrors: [] } : undefined,
    replay: () => ({ isReplayable: false }),
    mirror: () => ({ kind: 'ok', headers: [], dropped: 0 }),
  })
  const verdict = stage.decide(call)
  assert.ok(!(verdict instanceof Promise) && verdict.kind !== 'answer')
  const { cluster, tool } = call.trail
  const trail = `${cluster ?? '-'}/${tool ?? '-'}`
  return verdict.kind === 'continue'
    ? `${verdict.facts.cluster.name} ${verdict.facts.toolName} trail ${trail}`
    : `${verdict.refusal.code} trail ${trail}`
}

test('a prefix names the cluster, and what follows is the tool’s own name', () => {
  assert.equal(resolved('crm__find'), 'crm find trail crm/find')
  assert.equal(resolved('web__query'), 'search query trail search/query')
  assert.equal(resolved('crm__a__b'), 'crm a__b trail crm/a__b')
})

test('a tool that no replica offers goes on, since its list may be old, but is no label', () => {
  assert.equal(resolved('crm__new'), 'crm new trail crm/-')
  assert.equal(resolved('crm__'), 'crm  trail crm/-')
})

test('a name without a known prefix is no tool', () => {
  for (const name of ['find', '', '__find', 'CRM__find', 'search__query', 'crm_find', 'hr__x'])
    assert.equal(resolved(name), 'RINGMAIN_UNKNOWN_TOOL trail -/-', name)
})

test('a name that no list shows is no tool', () => {
  const portable = { ...PREFIXED, names: 'portable' } as const
  assert.equal(resolved('crm__find', portable), 'crm find trail crm/find')
  for (const name of ['crm__find.one', `crm__${'x'.repeat(60)}`])
    assert.equal(resolved(name, portable), 'RINGMAIN_UNKNOWN_TOOL trail -/-', name)
})

test('a cluster that is not in the table is refused by name, and its calls go nowhere else', () => {
  assert.equal(resolved('gone__x'), 'RINGMAIN_NO_HEALTHY_REPLICA trail -/-')
})

test('a server of one cluster hands every plain name to it', () => {
  assert.equal(resolved('find', plain('crm')), 'crm find trail crm/find')
  assert.equal(resolved('crm__find', plain('crm')), 'crm crm__find trail crm/-')
})

test('of several clusters the one that offers a plain name has it', () => {
  assert.equal(resolved('query', plain('crm', 'search')), 'search query trail search/query')
  assert.equal(resolved('none', plain('crm', 'search')), 'RINGMAIN_UNKNOWN_TOOL trail -/-')
})

test('a plain name that two clusters offer is offered under none', () => {
  assert.equal(resolved('both', plain('crm', 'search')), 'RINGMAIN_UNKNOWN_TOOL trail -/-')
})

test('that nobody here can check the arguments is told in the trail', () => {
  for (const isUnchecked of [true, false]) {
    const call = callAs({ server: PREFIXED, message: messageAs({ params: { name: 'crm__new' } }) })
    const stage = resolve({
      cluster: clusterPolicy,
      tool: () => undefined,
      replay: () => ({ isReplayable: false }),
      mirror: () => ({
        kind: 'ok',
        headers: [],
        dropped: 0,
        ...(isUnchecked ? { isUnchecked } : {}),
      }),
    })
    void stage.decide(call)
    assert.equal(call.trail.isUnchecked ?? false, isUnchecked)
  }
})
