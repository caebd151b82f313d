// Which callers share a list, and which are asked for alone.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Era } from '#routes/route-table.ts'
import { attemptPorts } from '#test/support/attempt-ports.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import type { CallerCapabilities } from './capabilities.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Session } from './facts.ts'
import { type SharedLists, sharedLists } from './shared-lists.ts'
import { gather, type Listing, type PageAnswer } from './stages/gather.ts'

const MEMBER = { cluster: 'crm', prefix: 'crm' }
const capabilities = (of: object): CallFacts['message']['meta'] => ({
  'io.modelcontextprotocol/clientCapabilities': of,
})

interface Ground {
  readonly requests: FakeSend
  readonly page: (differences?: Partial<Listing>, cursor?: string) => Promise<PageAnswer>
  readonly lists: SharedLists
  readonly cluster: Cluster
  /** The merged list as a caller gets it. */
  readonly whole: (() => Promise<string>) & {
    readonly listing: (differences?: Partial<Listing>) => Listing
  }
}

function ground(t: TestContext, eras: readonly Era[] = ['modern', 'legacy']): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const learned = { ...MODERN, eras, isSessionful: eras.includes('legacy') }
  serveAt(active, clusters, { cluster: 'crm', ports: [1], learned })
  const requests = fakeSend()
  const lists = sharedLists({ ...attemptPorts(active, requests), log: { warn: () => undefined } })
  const server = { ...callAs().server, naming: 'prefix', members: [MEMBER] } as const
  const call = callAs({ server, message: messageAs({ method: 'tools/list', params: {} }) })
  const listing = (differences: Partial<Listing> = {}): Listing => ({
    ...call,
    gone: new AbortController().signal,
    ...differences,
  })
  const stage = gather(lists)
  const whole = async (): Promise<string> => {
    const verdict = await stage.decide(call)
    assert.ok(verdict.kind === 'answer' && verdict.answer.kind === 'result')
    const { resultJson } = verdict.answer
    return Buffer.concat(typeof resultJson === 'string' ? [] : resultJson).toString()
  }
  return {
    requests,
    lists,
    cluster: active.cluster('crm') ?? assert.fail('no cluster'),
    whole: Object.assign(whole, { listing }),
    page: (differences = {}, cursor) => lists.page(listing(differences), MEMBER, cursor),
  }
}

const meaning = (meta: CallFacts['message']['meta']): Partial<Listing> => ({
  message: messageAs({ method: 'tools/list', params: {}, meta }),
})

test('callers alike in all that a list may depend on are one question', async t => {
  const { page, requests } = ground(t)
  const asking = [page(), page(meaning({})), page(meaning({ progressToken: 1 }))]
  await settle()
  assert.equal(requests.sent.length, 1)
  await requests.last().result({ tools: [{ name: 'a' }] })
  for (const given of await Promise.all(asking)) assert.equal(given.kind, 'page')
  void page(meaning(capabilities({ sampling: {} })))
  void page({}, 'two')
  void page({ message: messageAs({ method: 'prompts/list', params: {} }) })
  await settle()
  assert.equal(requests.sent.length, 4)
})

test('who declares more than is kept is asked for alone, and so is a session', async t => {
  const { page, requests } = ground(t)
  const much = meaning(capabilities({ experimental: { x: 'x'.repeat(3_000) } }))
  void page(much)
  void page(much)
  await settle()
  assert.equal(requests.sent.length, 2)
  const session: Session = {
    token: 't',
    serverName: 'default',
    version: '2025-11-25',
    members: [{ cluster: 'crm', endpoint: '127.0.0.1:1', id: 'up-1', version: '2025-11-25' }],
  }
  void page({ era: 'legacy', version: '2025-11-25', session })
  await settle()
  assert.equal(requests.last().header('mcp-session-id'), 'up-1')
})

test('one who leaves, or has no time, ends nobody else’s question', async t => {
  const { page, requests } = ground(t)
  const leaving = new AbortController()
  const first = page({ gone: leaving.signal })
  const hasty = page({ askedMs: 10 })
  const patient = page()
  await settle()
  leaving.abort()
  t.mock.timers.tick(10)
  for (const one of [await first, await hasty])
    assert.equal(one.kind === 'refuse' && one.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(requests.sent.length, 1)
  await requests.last().result({ tools: [] })
  assert.equal((await patient).kind, 'page')
})

test('one who came through other routers is asked for alone: where his list goes round nobody else’s does', async t => {
  const { page, requests } = ground(t)
  const by = (via: string): Partial<Listing> => ({ passedHeaders: [['x-ringmain-via', via]] })
  const far = page(by('a,b,r1'))
  await settle()
  const near = page(by('r1'))
  await settle()
  assert.equal(requests.sent.length, 2)
  const [first, second] = requests.sent
  await first?.error(508, -31_975)
  assert.equal((await far).kind, 'refuse')
  assert.equal(second?.header('x-ringmain-via'), 'r1')
  await second?.result({ tools: [{ name: 'a' }] })
  assert.equal((await near).kind, 'page')
})

const TOOL = { name: 'a', inputSchema: { type: 'object' } }

test('a page that was joined is given to the next caller alike, until a replica tells of a change', async t => {
  const { requests, whole, lists, cluster } = ground(t)
  const first = whole()
  await settle()
  await requests.last().result({ tools: [TOOL], ttlMs: 60_000 })
  const answer = await first
  assert.ok(answer.includes('"crm__a"') && answer.includes('"ttlMs":60000'))
  assert.equal(await whole(), answer)
  assert.equal(requests.sent.length, 1)
  assert.ok(lists.begin(whole.listing()).known !== undefined, 'without a look at its clusters')
  for (const differences of [
    meaning(capabilities({ sampling: {} })),
    { passedHeaders: [['x-ringmain-via', 'a,r1']] } as Partial<Listing>,
    { message: messageAs({ method: 'tools/list', params: { cursor: '' } }) },
    { message: messageAs({ method: 'tools/list', params: { cursor: 7 } }) },
  ])
    assert.equal(lists.begin(whole.listing(differences)).known, undefined)
  lists.changed(cluster, 'prompts')
  assert.ok(lists.begin(whole.listing()).known !== undefined)
  lists.changed(cluster, 'tools')
  assert.equal(lists.begin(whole.listing()).known, undefined)
  void whole()
  await settle()
  assert.equal(requests.sent.length, 2)
})

test('what was asked for before a change is not kept after it', async t => {
  const { requests, whole, lists, cluster } = ground(t)
  const first = whole()
  await settle()
  lists.changed(cluster, 'tools')
  await requests.last().result({ tools: [{ name: 'old' }], ttlMs: 60_000 })
  await first
  assert.equal(lists.begin(whole.listing()).known, undefined)
})

test('a modern server that makes a list for a legacy session is told what its caller can do, as with a call', async t => {
  const { page, requests } = ground(t, ['modern'])
  const sessionOf = (can: CallerCapabilities | undefined): Session => ({
    token: JSON.stringify(can ?? null),
    serverName: 'default',
    version: '2025-11-25',
    members: [],
    ...(can && { client: { info: { name: 'c', version: '1' }, capabilities: can } }),
  })
  const legacy = { era: 'legacy', version: '2025-11-25' } as const
  for (const can of [{ elicitation: {} }, { sampling: {} }, { elicitation: {} }, undefined])
    void page({ ...legacy, session: sessionOf(can) })
  void page(legacy)
  await settle()
  const told = requests.sent.map(
    ({ message }) =>
      (message['params'] as { readonly _meta: Readonly<Record<string, unknown>> })._meta[
        'io.modelcontextprotocol/clientCapabilities'
      ],
  )
  assert.deepEqual(told, [{ elicitation: {} }, { sampling: {} }, {}])
})
