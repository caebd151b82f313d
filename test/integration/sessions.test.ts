// Legacy sessions: the id a caller holds is sealed, names one replica, and ends with it. No answer goes to another caller.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyCall,
  legacyRequest,
  modernRequest,
  openSession,
  problemOf,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const replicas = await Promise.all(
  ['one', 'two', 'three'].map(name =>
    startScripted({ name, eras: ['legacy'], isSessionful: true }),
  ),
)
const free = await startScripted({ name: 'free' })
const router = await runRouter(
  documents(
    clusterOf(
      'kept',
      replicas.map(({ url }) => url),
    ),
    clusterOf('free', [free.url]),
    serverOf('default', ['kept', 'free']),
    serverOf('kept', ['kept']),
    serverOf('same', ['kept']),
  ),
)
const kept = `${router.mcpUrl}/kept`

after(async () => {
  await router.close()
  await Promise.all([...replicas, free].map(server => server.close()))
})

const byName = (name: string | undefined): ScriptedServer =>
  replicas.find(replica => replica.name === name) ?? assert.fail(`no replica ${name}`)

test('a session id tells nothing of the replica, and two are never alike', async () => {
  const [first, second] = [await openSession(kept), await openSession(kept)]
  assert.notEqual(first, second)
  for (const session of [first, second]) {
    assert.match(session, /^[\x21-\x7e]+$/)
    const inside = Buffer.from(session, 'base64url').toString('latin1')
    for (const word of ['kept', 'one', 'two', 'three', '127.0.0.1'])
      assert.ok(!inside.includes(word) && !session.includes(word), word)
  }
})

test('every call of a session reaches the one replica, under that replica own session id', async () => {
  for (let turn = 0; turn < 6; turn += 1) {
    const session = await openSession(kept)
    const names = new Set<string | undefined>()
    for (let count = 0; count < 10; count += 1)
      names.add(servedBy(await legacyCall(kept, 'echo', {}, { session })))
    assert.equal(names.size, 1)
    const [name] = names
    const sent = byName(name).calls().at(-1)?.headers['mcp-session-id']
    assert.notEqual(sent, session)
    assert.ok(byName(name).sessions.has(String(sent)))
  }
})

test('sessions spread over the replicas', async () => {
  const names = new Set<string | undefined>()
  await until('every replica to hold one', async () => {
    const session = await openSession(kept)
    names.add(servedBy(await legacyCall(kept, 'echo', {}, { session })))
    return names.size === 3
  })
})

test('a session opens nothing at another virtual server, not even one of the same cluster', async () => {
  const session = await openSession(kept)
  const ran = (): number => replicas.reduce((sum, replica) => sum + replica.executions(), 0)
  const before = ran()
  for (const path of ['', '/same']) {
    const answer = await legacyCall(router.mcpUrl + path, 'echo', {}, { session })
    assert.equal(answer.status, 404)
    assert.equal(problemOf(answer)?.code, 'RINGMAIN_SESSION_UNKNOWN')
    const farewell = await rawRequest(router.mcpUrl + path, {
      method: 'DELETE',
      headers: { 'mcp-session-id': session },
    })
    assert.equal(farewell.status, 404)
  }
  assert.equal(ran(), before)
  assert.equal((await legacyCall(kept, 'echo', {}, { session })).status, 200)
})

test('an id that no router sealed opens nothing', async () => {
  const session = await openSession(kept)
  const other = await runRouter(
    documents(clusterOf('free', [free.url]), serverOf('kept', ['free'])),
  )
  const foreign = await openSession(`${other.mcpUrl}/kept`)
  await other.close()
  for (const wrong of [
    foreign,
    'made-up',
    session.slice(1),
    `${session}A`,
    session.toLowerCase(),
    [...(replicas[0]?.sessions ?? [])][0] ?? assert.fail('no session'),
  ]) {
    const answer = await legacyCall(kept, 'echo', {}, { session: wrong })
    assert.equal(answer.status, 404, wrong)
    assert.equal(answerOf(answer).error?.code, -32600)
  }
})

test('DELETE ends the session here and at the replica, and its id opens nothing again', async () => {
  const session = await openSession(router.mcpUrl)
  const name = servedBy(await legacyCall(router.mcpUrl, 'kept__echo', {}, { session }))
  const upstream = String(byName(name).calls().at(-1)?.headers['mcp-session-id'])
  const farewell = await rawRequest(router.mcpUrl, {
    method: 'DELETE',
    headers: { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
  })
  assert.equal(farewell.status, 200)
  assert.equal(farewell.body.length, 0)
  assert.equal(byName(name).sessions.has(upstream), false)
  assert.equal((await legacyCall(router.mcpUrl, 'kept__echo', {}, { session })).status, 404)
})

test('a call without a session works at a server that keeps sessions, and leaves none behind', async () => {
  const opened = new Set(replicas.flatMap(({ sessions }) => [...sessions]))
  for (let count = 0; count < 5; count += 1) {
    const answer = await legacyCall(kept, 'echo', {})
    assert.equal(typeof servedBy(answer), 'string')
    assert.equal(answer.headers['mcp-session-id'], undefined)
  }
  await rawRequest(kept, legacyRequest('tools/list'))
  await until('what was opened for it to be ended', () =>
    replicas.every(({ sessions }) => [...sessions].every(id => opened.has(id))),
  )
})

test('ping, initialized and unknown notifications of a session are answered here', async () => {
  const session = await openSession(kept)
  const ping = await rawRequest(kept, legacyRequest('ping', {}, { session, id: 'p' }))
  assert.deepEqual(JSON.parse(ping.body.toString()), { jsonrpc: '2.0', id: 'p', result: {} })
  for (const method of ['notifications/initialized', 'notifications/roots/list_changed']) {
    const answer = await rawRequest(kept, {
      headers: legacyRequest('x', {}, { session }).headers ?? {},
      body: JSON.stringify({ jsonrpc: '2.0', method }),
    })
    assert.equal(answer.status, 202)
    assert.equal(answer.body.length, 0)
  }
})

test('a session is served under its own version whichever the header names, and under none that nobody speaks', async () => {
  const session = await openSession(kept, '2025-06-18')
  for (const version of ['2026-07-28', '2025-11-25']) {
    const answer = await legacyCall(kept, 'echo', {}, { session, version })
    assert.equal(answer.status, 200)
    assert.equal(
      byName(servedBy(answer)).calls().at(-1)?.headers['mcp-protocol-version'],
      '2025-06-18',
    )
  }
  const refused = await legacyCall(kept, 'echo', {}, { session, version: 'nonsense' })
  assert.equal(refused.status, 400)
})

test('each legacy version is negotiated as asked, an unknown one becomes the latest', async () => {
  for (const [asked, given] of [
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2024-11-05', '2025-11-25'],
    ['2', '2025-11-25'],
  ] as const) {
    const params = {
      protocolVersion: asked,
      capabilities: {},
      clientInfo: { name: 'a', version: '1' },
    }
    const answer = await rawRequest(kept, legacyRequest('initialize', params))
    assert.equal(answerOf(answer).result?.['protocolVersion'], given)
  }
})

test('a modern request ignores a session header and gets none', async () => {
  const session = await openSession(router.mcpUrl)
  const answer = await rawRequest(
    router.mcpUrl,
    modernRequest('tools/call', { name: 'free__echo' }, { headers: { 'mcp-session-id': session } }),
  )
  assert.equal(servedBy(answer), 'free')
  assert.equal(answer.headers['mcp-session-id'], undefined)
  assert.equal(free.calls().at(-1)?.headers['mcp-session-id'], undefined)
})
