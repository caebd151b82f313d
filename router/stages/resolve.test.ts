// From the name a caller writes to the cluster that has the tool and the name it has there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy } from '#test/support/cluster-policy.ts'
import { type Offers, resolve } from './resolve.ts'

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

const PORTS: Offers = {
  cluster: cluster => (cluster in OFFERS ? clusterPolicy(cluster) : undefined),
  tool: (cluster, tool) => (OFFERS[cluster]?.includes(tool) === true ? { mirrors: [] } : undefined),
  offering: () => assert.fail('the name tells whose it is'),
  task: () => undefined,
  replay: () => ({ isReplayable: false }),
  mirror: () => ({ kind: 'ok', headers: [], dropped: 0 }),
  outward: () => undefined,
  missing: () => undefined,
  rounds: () => undefined,
  renamed: () => undefined,
  reshape: () => undefined,
}

function resolved(name: string, server: VirtualServerPolicy = PREFIXED): string {
  const call = callAs({ server, message: messageAs({ params: { name } }) })
  const verdict = resolve(PORTS).decide(call)
  assert.ok(!(verdict instanceof Promise) && verdict.kind !== 'answer')
  const { cluster, tool } = call.trail
  const trail = `${cluster ?? '-'}/${tool ?? '-'}`
  return verdict.kind === 'continue'
    ? `${verdict.facts.cluster.name} ${verdict.facts.ownName} trail ${trail}`
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
      ...PORTS,
      tool: () => undefined,
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

interface Asked {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

/** What becomes of a request that is no call of a tool. */
async function asked(
  { method, params }: Asked,
  server: VirtualServerPolicy = PREFIXED,
  ports: Partial<Offers> = {},
): Promise<string> {
  const call = callAs({
    server,
    message: messageAs({ method, params }),
    paramHeaders: [['mcp-param-x', '1']],
  })
  const verdict = await resolve({ ...PORTS, ...ports }).decide(call)
  assert.ok(verdict.kind !== 'answer')
  if (verdict.kind === 'refuse') return verdict.refusal.code
  const { cluster, ownName, isReplayable, mirroredHeaders } = verdict.facts
  assert.deepEqual([mirroredHeaders, call.trail.droppedParams], [[], 1])
  return `${cluster.name} ${ownName}${isReplayable ? ' again' : ''}`
}

const read = (uri: string): Asked => ({ method: 'resources/read', params: { uri } })
const prompt = (name: string, more = {}): Asked => ({
  method: 'prompts/get',
  params: { name, ...more },
})

test('prompts, resources and completions go to the cluster that their prefix names, and may be sent again', async () => {
  const complete = (ref: object): Asked => ({ method: 'completion/complete', params: { ref } })
  for (const [request, expected] of [
    [prompt('web__sum'), 'search sum again'],
    [read('crm+file:///a'), 'crm file:///a again'],
    [read('ui://web/clock'), 'search ui://clock again'],
    [complete({ type: 'ref/prompt', name: 'crm__sum' }), 'crm sum again'],
    [complete({ type: 'ref/resource', uri: 'web+x:///{id}' }), 'search x:///{id} again'],
    [prompt('sum'), 'RINGMAIN_NOT_OFFERED'],
    [read('file:///a'), 'RINGMAIN_NOT_OFFERED'],
  ] as const)
    assert.equal(await asked(request), expected)
})

test('what comes back with answers, or with what a server wrote down, is not sent twice', async () => {
  assert.equal(await asked(prompt('crm__sum', { requestState: 's' })), 'crm sum')
  assert.equal(await asked(prompt('crm__sum', { inputResponses: {} })), 'crm sum')
})

test('a server of one cluster hands it every prompt and resource as it is', async () => {
  const server = plain('crm')
  assert.equal(await asked(prompt('a__b'), server), 'crm a__b again')
  assert.equal(await asked(read('web+file:///a'), server), 'crm web+file:///a again')
})

test('of several clusters with plain names the one that lists it has it', async () => {
  const server = plain('crm', 'search')
  const listed: Offers['offering'] = (_call, { name }) =>
    Promise.resolve(
      name === 'none'
        ? []
        : server.members.slice(0, name === 'both' ? 2 : 1).map(member => ({ member, own: name })),
    )
  for (const [name, expected] of [
    ['one', 'crm one again'],
    ['both', 'RINGMAIN_NOT_OFFERED'],
    ['none', 'RINGMAIN_NOT_OFFERED'],
  ] as const) {
    assert.equal(await asked(prompt(name), server, { offering: listed }), expected)
    assert.equal(await asked(read(name), server, { offering: listed }), expected)
  }
})

test('a task goes to the cluster that its id was given out for, whatever the server, for those who know tasks', async () => {
  const task = (method: string): Asked => ({ method, params: { taskId: 'sealed' } })
  const known: Offers['task'] = ({ members }, id) => {
    const member = members.find(({ cluster }) => cluster === 'search') ?? members[0]
    return member === undefined || id !== 'sealed' ? undefined : { member, own: '7', holder: 'r1' }
  }
  for (const [server, cluster] of [
    [PREFIXED, 'search'],
    [plain('crm'), 'crm'],
  ] as const) {
    const ask = (method: string) => asked(task(method), server, { task: known })
    assert.equal(await ask('tasks/get'), `${cluster} 7 again`)
    assert.equal(await ask('tasks/update'), `${cluster} 7`)
    assert.equal(await ask('tasks/cancel'), `${cluster} 7`)
    assert.equal(await asked(task('tasks/get'), server), 'RINGMAIN_NOT_OFFERED')
    const missing: Offers['missing'] = () => ({ code: 'RINGMAIN_CAPABILITY_MISSING' })
    const told = await asked(task('tasks/get'), server, { task: known, missing })
    assert.equal(told, 'RINGMAIN_CAPABILITY_MISSING')
  }
})
