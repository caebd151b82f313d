// One page of one cluster's tools: asked in the caller's era, again elsewhere when a replica fails, and read for what it is.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { attemptPorts } from '#test/support/attempt-ports.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'
import type { Session } from './facts.ts'
import { fetchPage, type ListPorts } from './list-pages.ts'
import type { PageAnswer } from './stages/gather.ts'

const LEGACY: Learned = { ...MODERN, eras: ['legacy'], legacyVersion: '2025-06-18' }
const MEMBER = { cluster: 'crm', prefix: 'crm' }
const FIND = { name: 'find', inputSchema: { type: 'object' } }
const TOOLS = { tools: [FIND], nextCursor: 'two' }

interface Ground {
  readonly requests: FakeSend
  readonly endpoints: readonly Endpoint[]
  readonly call: CallFacts
  /** Of the router's clock, and of its timers. */
  readonly pass: (ms: number) => Promise<void>
  readonly page: (differences?: Partial<CallFacts>, cursor?: string) => Promise<PageAnswer>
}

function ground(t: TestContext, learned: Learned = MODERN): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const endpoints = serveAt(active, clusters, { cluster: 'crm', ports: [1, 2], learned })
  const requests = fakeSend()
  let nowMs = 0
  const ports: ListPorts = { ...attemptPorts(active, requests), nowMs: () => nowMs }
  const call = callAs({ message: messageAs({ method: 'tools/list', params: {} }) })
  return {
    requests,
    endpoints,
    call,
    pass: async ms => {
      nowMs += ms
      t.mock.timers.tick(ms)
      await settle()
    },
    page: async (differences = {}, cursor) =>
      fetchPage(
        ports,
        { ...call, gone: new AbortController().signal, ...differences },
        MEMBER,
        cursor,
      ),
  }
}

const legacy = { era: 'legacy', version: '2025-11-25' } as const
const bound: Session = {
  token: 't',
  serverName: 'default',
  version: '2025-11-25',
  members: [{ cluster: 'crm', endpoint: '127.0.0.1:1', id: 'up-1', version: '2025-11-25' }],
}

const shown = (given: PageAnswer): unknown =>
  given.kind === 'page'
    ? [given.page.items.map(({ definition }) => definition.toString()), given.page.nextCursor]
    : given.refusal.code

test('a modern page is asked with the caller’s own metadata, and read as it is', async t => {
  const { page, requests } = ground(t)
  const meta = {
    'io.modelcontextprotocol/clientInfo': { name: 'desk', version: '9' },
    'io.modelcontextprotocol/clientCapabilities': { x: {} },
  }
  const asking = page({ message: messageAs({ method: 'tools/list', meta }) }, 'one')
  await settle()
  const { message, header } = requests.last()
  assert.deepEqual(message['params'], {
    cursor: 'one',
    _meta: { ...meta, 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  })
  assert.equal(header('mcp-method'), 'tools/list')
  await requests.last().result(TOOLS)
  assert.deepEqual(shown(await asking), [[JSON.stringify(FIND)], 'two'])
})

test('a legacy page is asked in the session it belongs to', async t => {
  const { page, requests } = ground(t, { ...LEGACY, isSessionful: true })
  const asking = page({ ...legacy, session: bound })
  await settle()
  const { header, place } = requests.last()
  assert.deepEqual([header('mcp-session-id'), place.endpoint.key], ['up-1', '127.0.0.1:1'])
  await requests.last().result({ tools: [] })
  assert.deepEqual(shown(await asking), [[], undefined])
})

test('a session that was opened for a page is ended after it', async t => {
  const { page, requests } = ground(t, { ...LEGACY, isSessionful: true })
  const asking = page(legacy)
  await settle()
  await requests
    .last('initialize')
    .result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
  await requests.last('notifications/initialized').status(202)
  await requests.last('tools/list').result(TOOLS)
  await asking
  assert.equal(requests.last('DELETE').header('mcp-session-id'), 'own')
})

test('a list may be asked for again, at another replica and after a moment, as often as any call', async t => {
  const { page, requests } = ground(t)
  const asking = page()
  await settle()
  requests.last().fail('ECONNRESET')
  await settle()
  await requests.last().result(TOOLS)
  assert.deepEqual(shown(await asking), [[JSON.stringify(FIND)], 'two'])
  assert.equal(new Set(requests.sent.map(({ place }) => place.endpoint.key)).size, 2)
  const failing = page()
  await settle()
  await requests.last().status(500)
  assert.equal(requests.sent.length, 3, 'what was sent is asked again after a moment')
  t.mock.timers.tick(25)
  await settle()
  await requests.last().status(500)
  const failed = await failing
  assert.ok(failed.kind === 'refuse')
  assert.equal(failed.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.match(
    failed.refusal.detail ?? '',
    /^127\.0\.0\.1:[12]: HTTP 500 without a JSON-RPC answer$/,
  )
})

test('a router behind this one that has nobody to ask is no answer while another one may have somebody', async t => {
  const { page, requests } = ground(t)
  const asking = page()
  await settle()
  await requests.last().error(200, -31_953, { 'x-ringmain-not-executed': '1' })
  t.mock.timers.tick(250)
  await settle()
  await requests.last().result(TOOLS)
  assert.deepEqual(shown(await asking), [[JSON.stringify(FIND)], 'two'])
  const failing = page()
  await settle()
  await requests.last().error(200, -31_953)
  assert.equal(
    shown(await failing),
    'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    'without that word it is one',
  )
})

test('a page of more tools than anybody offers is no page', async t => {
  const { page, requests } = ground(t)
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...FIND, name: `t${at}` }))
  const full = page()
  await settle()
  await requests.last().result({ tools: many(2_000) })
  const filled = await full
  assert.equal(filled.kind === 'page' && filled.page.items.length, 2_000)
  const asking = page()
  await settle()
  await requests.last().result({ tools: many(2_001) })
  assert.equal(shown(await asking), 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
})

test('in a session no other replica is asked: gone is gone, the rest is a bad answer', async t => {
  for (const [play, code] of [
    [(to: FakeSend) => to.last().status(404), 'RINGMAIN_SESSION_UNKNOWN'],
    [
      (to: FakeSend) => Promise.resolve(to.last().fail('ECONNREFUSED')),
      'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    ],
    [(to: FakeSend) => to.last().status(500), 'RINGMAIN_UPSTREAM_BAD_RESPONSE'],
    [(to: FakeSend) => to.last().error(404, -32_001), 'RINGMAIN_SESSION_UNKNOWN'],
  ] as const) {
    const { page, requests } = ground(t, { ...LEGACY, isSessionful: true })
    const asking = page({ ...legacy, session: bound })
    await settle()
    if (code === 'RINGMAIN_UPSTREAM_BAD_RESPONSE') requests.last().start()
    await play(requests)
    assert.equal(shown(await asking), code)
    assert.equal(requests.sent.length, 1)
    t.mock.timers.reset()
  }
})

test('a session whose replica refuses the connection is lost', async t => {
  const { page, requests } = ground(t, { ...LEGACY, isSessionful: true })
  const asking = page({ ...legacy, session: bound })
  await settle()
  requests.last().fail('ECONNREFUSED')
  assert.equal(shown(await asking), 'RINGMAIN_SESSION_UNKNOWN')
})

test('a server that knows no tools has none, a stale cursor is the caller’s, any other error a bad answer', async t => {
  for (const [code, expected] of [
    [-32_601, [[], undefined]],
    [-32_602, 'RINGMAIN_INVALID_PARAMS'],
    [-32_603, 'RINGMAIN_UPSTREAM_BAD_RESPONSE'],
  ] as const) {
    const { page, requests } = ground(t)
    const asking = page()
    await settle()
    await requests.last().error(200, code)
    assert.deepEqual(shown(await asking), expected)
    t.mock.timers.reset()
  }
})

test('each list is asked for by its own method, and read from its own place', async t => {
  for (const [method, result] of [
    ['prompts/list', { prompts: [{ name: 'a' }] }],
    ['resources/list', { resources: [{ uri: 'a', name: 'a' }] }],
    ['resources/templates/list', { resourceTemplates: [{ uriTemplate: 'a', name: 'a' }] }],
  ] as const) {
    const { page, requests } = ground(t)
    const asking = page({ message: messageAs({ method, params: {} }) })
    await settle()
    assert.equal(requests.last().header('mcp-method'), method)
    await requests.last().result(result)
    const [definition] = Object.values(result)[0] ?? []
    assert.deepEqual(shown(await asking), [[JSON.stringify(definition)], undefined])
    t.mock.timers.reset()
  }
})

test('a list that names itself as its own next page has no next page', async t => {
  const { page, requests } = ground(t)
  const asking = page({}, 'two')
  await settle()
  await requests.last().result(TOOLS)
  assert.deepEqual(shown(await asking), [[JSON.stringify(FIND)], undefined])
})

test('a caller that waits no longer than a moment gets no list that comes later', async t => {
  const { page, requests } = ground(t)
  assert.equal(shown(await page({ askedMs: 0 })), 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.equal(requests.sent.length, 0)
  const asking = page({ askedMs: 500 })
  await settle()
  t.mock.timers.tick(499)
  assert.equal(requests.sent.length, 1)
  t.mock.timers.tick(1)
  await settle()
  assert.deepEqual(requests.last().heads, [{ kind: 'abandoned' }])
  void asking
})

test('nor does it wait for a free slot any longer', async t => {
  const { page, pass, requests, endpoints } = ground(t)
  for (const endpoint of endpoints) endpoint.inFlight = 2
  const asking = page({ askedMs: 40 })
  await settle()
  await pass(40)
  const outcome = await asking
  assert.ok(outcome.kind === 'refuse')
  assert.match(outcome.refusal.says ?? '', /in time/)
  assert.equal(requests.sent.length, 0)
})
