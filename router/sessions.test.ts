// Legacy sessions: what the router seals into an id, what opens again, and what never does.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { createSealer, type Sealer } from '#foundation/seal.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import type { Learned } from './clusters/endpoint.ts'
import type { Session } from './facts.ts'
import { Sessions } from './sessions.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy', 'modern'], isSessionful: true }
const STATELESS: Learned = {
  ...MODERN,
  eras: ['legacy', 'modern'],
  legacyVersion: '2025-06-18',
  instructions: 'search gently',
}
const KEY = Buffer.alloc(32, 7)

interface Ground {
  readonly sessions: Sessions
  readonly requests: FakeSend
  readonly call: CallFacts
  /** What `initialize` gives; every replica that is asked opens a session named after its cluster. */
  readonly initialize: (
    differences?: Partial<CallFacts>,
  ) => Promise<Awaited<ReturnType<Sessions['initialize']>>>
}

function ground(
  t: TestContext,
  sealer: Sealer = createSealer(KEY),
  eras: Learned['eras'] = ['legacy', 'modern'],
): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const connections = { perEndpoint: 4, minPerEndpoint: 1, streams: 4, queue: 0, waitMs: 0 }
  const table = tableOf('v1', clusterPolicy('crm', { connections }), clusterPolicy('web'))
  const active = new ActiveTable(table, clusters.open)
  serveAt(active, clusters, { cluster: 'crm', ports: [1, 2], learned: { ...SESSIONFUL, eras } })
  serveAt(active, clusters, { cluster: 'web', ports: [3], learned: { ...STATELESS, eras } })
  const requests = fakeSend()
  let id = 1_000
  const sessions = new Sessions({
    active,
    sealer,
    send: requests.send,
    say: requests.say,
    nextId: () => (id += 1),
    client: { name: 'ringmain', version: '1' },
    nowMs: () => 0,
  })
  const call = callAs({
    era: 'legacy',
    version: '2025-11-25',
    server: table.virtualServers['default'] ?? assert.fail(),
    message: messageAs({ method: 'initialize', params: {} }),
  })
  return {
    sessions,
    requests,
    call,
    initialize: async (differences = {}) => {
      const opening = sessions.initialize({ ...call, ...differences })
      await settle()
      for (const request of requests.sent.filter(one => one.method === 'initialize')) {
        if (request.overs.length === 0) await opens(request)
      }
      for (const request of requests.sent) if (request.overs.length === 0) await request.status(202)
      return opening
    },
  }
}

const opens = (request: SentRequest): Promise<void> =>
  request.result(
    { protocolVersion: '2025-11-25' },
    { 'mcp-session-id': `${request.place.endpoint.key.endsWith(':3') ? 'web' : 'crm'}-1` },
  )

const opened = async ({
  initialize,
}: Ground): Promise<{ readonly token: string; readonly result: Record<string, unknown> }> => {
  const outcome = await initialize()
  assert.ok('sessionToken' in outcome, JSON.stringify(outcome))
  return {
    token: outcome.sessionToken,
    result: JSON.parse(outcome.resultJson) as Record<string, unknown>,
  }
}

const sessionOf = (sessions: Sessions, token: string): Session =>
  sessions.open(token) ?? assert.fail('it does not open')

test('initialize opens a session where the server keeps them, and answers for all in the router’s name', async t => {
  const scene = ground(t)
  const { token, result } = await opened(scene)
  assert.deepEqual(scene.requests.methods(), ['initialize', 'notifications/initialized'])
  assert.deepEqual(result, {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'ringmain', version: '1' },
    instructions: 'web: search gently',
  })
  const session = sessionOf(scene.sessions, token)
  assert.equal(session.serverName, 'default')
  assert.equal(session.version, '2025-11-25')
  const [crm, ...others] = session.members
  assert.deepEqual([crm?.cluster, crm?.id, crm?.version], ['crm', 'crm-1', '2025-11-25'])
  assert.match(crm?.endpoint ?? '', /^127\.0\.0\.1:[12]$/)
  assert.deepEqual(others, [], 'a server without sessions needs no place in the id')
})

test('an id is visible ASCII, and tells nothing of what is in it', async t => {
  const { token } = await opened(ground(t))
  assert.match(token, /^[\x21-\x7e]+$/)
  assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /crm|default|127/)
})

test('replicas are told who calls, as far as the caller said it', async t => {
  const { initialize, requests } = ground(t)
  const clientInfo = { name: 'desk', version: '9', title: 'x' }
  await initialize({ message: messageAs({ params: { clientInfo } }) })
  const told = (at: number): unknown =>
    requests.sent.filter(one => one.method === 'initialize')[at]?.message['params']
  assert.deepEqual((told(0) as { clientInfo: unknown }).clientInfo, { name: 'desk', version: '9' })
  await initialize({ message: messageAs({ params: { clientInfo: { name: 5 } } }) })
  assert.deepEqual((told(1) as { clientInfo: unknown }).clientInfo, {
    name: 'ringmain',
    version: '1',
  })
})

test('any router with the key opens an id, and none without it', async t => {
  const { token } = await opened(ground(t))
  t.mock.timers.reset()
  assert.equal(sessionOf(ground(t).sessions, token).members.length, 1)
  t.mock.timers.reset()
  assert.equal(ground(t, createSealer(Buffer.alloc(32, 8))).sessions.open(token), undefined)
})

test('a sealed cursor is no session', t => {
  const sealer = createSealer(KEY)
  const { sessions } = ground(t, sealer)
  assert.equal(sessions.open(sealer.seal('tools/list default', [{ cluster: 'crm' }])), undefined)
})

test('of a thousand damaged ids none opens', async t => {
  const scene = ground(t)
  const { token } = await opened(scene)
  const seed = 20_260_728
  const random = seededRandom(seed)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. '
  t.diagnostic(`seed ${seed}`)
  let accepted = 0
  for (let count = 0; count < 1_000; count += 1) {
    const at = Math.floor(random() * token.length)
    const letter = alphabet[Math.floor(random() * alphabet.length)] ?? ''
    const damaged = token.slice(0, at) + letter + token.slice(at + 1)
    if (damaged !== token && scene.sessions.open(damaged) !== undefined) accepted += 1
  }
  for (const damaged of [
    '',
    token.slice(1),
    token.slice(0, -1),
    `${token}=`,
    `${token}A`,
    token.toLowerCase(),
  ])
    if (scene.sessions.open(damaged) !== undefined) accepted += 1
  assert.equal(accepted, 0)
  assert.ok(scene.sessions.open(token))
})

test('ending a session ends it at its replica, and its id opens nothing any more', async t => {
  const scene = ground(t)
  const { token } = await opened(scene)
  const ending = scene.sessions.end(sessionOf(scene.sessions, token))
  assert.equal(scene.sessions.open(token), undefined)
  const farewell = scene.requests.last('DELETE')
  assert.equal(farewell.header('mcp-session-id'), 'crm-1')
  await farewell.status(405)
  await ending
  assert.equal(scene.sessions.open(token), undefined)
})

test('a session whose id reached nobody is ended the same way', async t => {
  const scene = ground(t)
  const { token } = await opened(scene)
  scene.sessions.forsake(token)
  scene.sessions.forsake('none')
  assert.equal(scene.requests.methods().filter(method => method === 'DELETE').length, 1)
  await scene.requests.last('DELETE').status(200)
  assert.equal(scene.sessions.open(token), undefined)
})

test('ending a session whose replica or cluster is gone is quiet', async t => {
  const { sessions, requests } = ground(t)
  const gone = { endpoint: 'gone', id: 'x', version: '2025-11-25' }
  await sessions.end({
    token: 't',
    serverName: 'default',
    version: '2025-11-25',
    members: ['crm', 'gone'].map(cluster => ({ cluster, ...gone })),
  })
  assert.deepEqual(requests.sent, [])
})

test('a replica that opens no session is replaced by another', async t => {
  const scene = ground(t)
  const opening = scene.sessions.initialize(scene.call)
  await settle()
  scene.requests.last('initialize').fail('ECONNRESET')
  await settle()
  await opens(scene.requests.last('initialize'))
  await scene.requests.last('notifications/initialized').status(202)
  const outcome = await opening
  assert.ok('sessionToken' in outcome)
  const keys = scene.requests.sent.map(({ place }) => place.endpoint.key)
  assert.equal(new Set(keys).size, 2)
})

test('a cluster that opens none is left out, and its calls find their way later', async t => {
  const scene = ground(t)
  const opening = scene.sessions.initialize(scene.call)
  for (const _ of [1, 2]) {
    await settle()
    scene.requests.last('initialize').fail('ECONNRESET')
  }
  const outcome = await opening
  assert.ok('sessionToken' in outcome)
  const { members } = sessionOf(scene.sessions, outcome.sessionToken)
  assert.deepEqual(members, [])
})

test('an id that no header could carry is refused in words, and all that was opened is ended', async t => {
  const { sessions, call, requests } = ground(t)
  const members = Array.from({ length: 8 }, () => ({ cluster: 'crm' }))
  const opening = sessions.initialize({ ...call, server: { ...call.server, members } })
  await settle()
  const id = { 'mcp-session-id': 'x'.repeat(1_000) }
  for (const one of requests.sent.slice()) await one.result({ protocolVersion: '2025-11-25' }, id)
  for (const request of requests.sent.slice(8)) await request.status(202)
  const { refusal } = (await opening) as { readonly refusal?: { readonly code: string } }
  assert.equal(refusal?.code, 'RINGMAIN_SESSION_TOO_LARGE')
  assert.equal(requests.methods().filter(method => method === 'DELETE').length, 8)
})

test('when no cluster can open any, the handshake is refused', async t => {
  const { initialize, call } = ground(t)
  const server = { ...call.server, members: [{ cluster: 'gone' }] }
  const outcome = await initialize({ server })
  assert.ok('refusal' in outcome)
  assert.equal(outcome.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
})

const discovered = (told: ReturnType<Sessions['discover']>): Record<string, unknown> =>
  JSON.parse(told.resultJson) as Record<string, unknown>

test('replicas of the modern era need no session for a legacy caller', async t => {
  const { sessions, call, requests } = ground(t, createSealer(KEY), ['modern'])
  const opened = await sessions.initialize({ ...call, era: 'legacy' })
  assert.ok('sessionToken' in opened)
  assert.deepEqual(sessions.open(opened.sessionToken)?.members, [])
  assert.equal(requests.sent.length, 0)
})

test('the document’s instructions go before what replicas say of themselves', async t => {
  const { sessions, call } = ground(t)
  const told = (server: CallFacts['server']): unknown =>
    discovered(sessions.discover({ ...call, server }))['instructions']
  assert.equal(told({ ...call.server, instructions: 'mine' }), 'mine')
  assert.equal(told(call.server), 'web: search gently')
  assert.equal(told({ ...call.server, members: [{ cluster: 'web' }] }), 'search gently')
  assert.equal(
    told({ ...call.server, members: [{ cluster: 'crm' }, { cluster: 'gone' }] }),
    undefined,
  )
})

test('discover tells the versions and capabilities of the router', t => {
  const { sessions, call } = ground(t)
  const { instructions, ...rest } = discovered(sessions.discover(call))
  assert.equal(instructions, 'web: search gently')
  assert.deepEqual(rest, {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'ringmain', version: '1' } },
  })
})
