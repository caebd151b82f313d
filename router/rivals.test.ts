// Whose plain name it is: of tools by what replicas agree on, of the rest by all that the other clusters list.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { RivalNames } from './rivals.ts'
import type { Lists, Page, PageAnswer } from './stages/gather.ts'

const server: VirtualServerPolicy = {
  name: 'default',
  naming: 'plain',
  criticality: 'critical',
  members: [{ cluster: 'crm' }, { cluster: 'web' }],
}

const page = (names: readonly string[], nextCursor?: string): Page => ({
  items: names.map(own => ({ own, definition: Buffer.alloc(0) })),
  ttlMs: 0,
  isPublic: false,
  ...(nextCursor === undefined ? {} : { nextCursor }),
})

function ground(t: TestContext, pages: Readonly<Record<string, Page>>) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  serveAt(active, clusters, { cluster: 'crm', ports: [1], learned: MODERN })
  const given: Lists['page'] = (call, { cluster }, cursor) => {
    const found = pages[[cluster, call.message.method, cursor].filter(Boolean).join(' ')]
    const refused: PageAnswer = {
      kind: 'refuse',
      refusal: { code: 'RINGMAIN_NO_HEALTHY_REPLICA' },
    }
    return Promise.resolve(found === undefined ? refused : { kind: 'page', page: found, leftMs: 0 })
  }
  const names = new RivalNames(active, given)
  return (method: string, its = server) =>
    names.of({
      ...callAs({ server: its, message: messageAs({ method, params: {} }) }),
      gone: new AbortController().signal,
    })
}

test('what another cluster lists on any page of the same list bears the name, too', async t => {
  const of = ground(t, {
    'crm prompts/list': page(['one'], 'two'),
    'crm prompts/list two': page(['last']),
    'crm resources/list': page(['file:///a']),
  })
  const prompts = await of('prompts/list')
  assert.equal(prompts?.offers('crm', 'one'), true)
  assert.equal(prompts?.offers('crm', 'last'), true)
  assert.equal(prompts?.offers('crm', 'file:///a'), false)
  assert.equal(prompts?.offers('web', 'one'), false, 'whoever gives no list offers nothing')
  assert.equal((await of('resources/list'))?.offers('crm', 'file:///a'), true)
})

test('another page is another version, and the same page is the same one', async t => {
  const pages: Record<string, Page> = { 'crm prompts/list': page(['one']) }
  const of = ground(t, pages)
  const first = (await of('prompts/list'))?.version
  assert.equal((await of('prompts/list'))?.version, first)
  pages['crm prompts/list'] = page(['one'])
  assert.notEqual((await of('prompts/list'))?.version, first)
})

test('tools are known by the replicas that serve, and asked of nobody', async t => {
  const tools = await ground(t, {})('tools/list')
  assert.equal(tools?.offers('crm', 'find'), true)
  assert.equal(tools?.offers('crm', 'other'), false)
})

test('where names tell clusters apart nothing is asked', t => {
  const of = ground(t, {})
  assert.equal(of('prompts/list', { ...server, naming: 'prefix' }), undefined)
  assert.equal(of('prompts/list', { ...server, members: [{ cluster: 'crm' }] }), undefined)
})
