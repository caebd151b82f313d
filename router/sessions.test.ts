// Legacy sessions: what the router seals into an id, what opens again, and what never does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { createSealer } from '#foundation/seal.ts'
import { messageAs } from '#test/support/call-facts.ts'
import { settle } from '#test/support/manual-time.ts'
import {
  HERE,
  MOST_SESSIONS,
  opened,
  opens,
  SESSION_KEY,
  sessionGround,
  sessionOf,
} from '#test/support/session-ground.ts'
import { sealSession } from './sealed-session.ts'

test('initialize opens a session where the server keeps them, and answers for all in the router’s name', async t => {
  const scene = sessionGround(t)
  const { token, result } = await opened(scene)
  assert.deepEqual(scene.requests.methods(), ['initialize', 'notifications/initialized'])
  assert.deepEqual(result, {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'ringmain', version: '1' },
    instructions: '## web\n\nsearch gently',
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
  const { token } = await opened(sessionGround(t))
  assert.match(token, /^[\x21-\x7e]+$/)
  assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /crm|default|127/)
})

test('replicas are told who calls, as far as the caller said it', async t => {
  const { initialize, requests } = sessionGround(t)
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
  const { token } = await opened(sessionGround(t))
  t.mock.timers.reset()
  assert.equal(sessionOf(sessionGround(t).sessions, token).members.length, 1)
  t.mock.timers.reset()
  assert.equal(
    sessionGround(t, createSealer(Buffer.alloc(32, 8))).sessions.open(token, HERE),
    undefined,
  )
})

test('a sealed cursor is no session', t => {
  const sealer = createSealer(SESSION_KEY)
  const { sessions } = sessionGround(t, sealer)
  assert.equal(
    sessions.open(sealer.seal('tools/list default', [{ cluster: 'crm' }]), HERE),
    undefined,
  )
})

test('of a thousand damaged ids none opens', async t => {
  const scene = sessionGround(t)
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
    if (damaged !== token && scene.sessions.open(damaged, HERE) !== undefined) accepted += 1
  }
  for (const damaged of [
    '',
    token.slice(1),
    token.slice(0, -1),
    `${token}=`,
    `${token}A`,
    token.toLowerCase(),
  ])
    if (scene.sessions.open(damaged, HERE) !== undefined) accepted += 1
  assert.equal(accepted, 0)
  assert.ok(scene.sessions.open(token, HERE))
})

test('ending a session ends it at its replica, and its id opens nothing any more', async t => {
  const scene = sessionGround(t)
  const { token } = await opened(scene)
  const ending = scene.sessions.end(sessionOf(scene.sessions, token))
  assert.equal(scene.sessions.open(token, HERE), undefined)
  const farewell = scene.requests.last('DELETE')
  assert.equal(farewell.header('mcp-session-id'), 'crm-1')
  await farewell.status(405)
  await ending
  assert.equal(scene.sessions.open(token, HERE), undefined)
})

test('a session whose id reached nobody is ended the same way', async t => {
  const scene = sessionGround(t)
  const { token } = await opened(scene)
  scene.sessions.forsake(token)
  scene.sessions.forsake('none')
  assert.equal(scene.requests.methods().filter(method => method === 'DELETE').length, 1)
  await scene.requests.last('DELETE').status(200)
  assert.equal(scene.sessions.open(token, HERE), undefined)
})

test('ending a session whose replica or cluster is gone is quiet', async t => {
  const { sessions, requests } = sessionGround(t)
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
  const scene = sessionGround(t)
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

test('a second replica that says nothing is blamed as the first is, though timers are late', async t => {
  const { sessions, call, requests, pass } = sessionGround(t)
  const opening = sessions.initialize(call)
  await settle()
  const first = requests.last('initialize').place.endpoint
  await pass(5_003)
  const second = requests.last('initialize').place.endpoint
  assert.notEqual(second, first)
  await pass(5_003)
  await opening
  assert.deepEqual([first.faults, second.faults], [1, 1])
})

test('a caller who has less time than a handshake may take blames nobody', async t => {
  const { sessions, call, requests, pass } = sessionGround(t)
  const opening = sessions.initialize({ ...call, askedMs: 3_000 })
  await settle()
  const { endpoint } = requests.last('initialize').place
  await pass(3_003)
  await opening
  assert.equal(endpoint.faults, 0)
  const other = sessions.initialize({ ...call, askedMs: 6_003 }) // it arrived three seconds ago
  await settle()
  const half = requests.last('initialize')
  half.answer()
  await pass(3_003)
  await other
  assert.equal(half.place.endpoint.faults, 0, 'nor one whose answer has begun')
})

test('no more than four replicas are asked to open one session', async t => {
  const { sessions, call, requests } = sessionGround(t, undefined, undefined, {}, 6)
  const opening = sessions.initialize(call)
  for (let count = 0; count < 6; count += 1) {
    await settle()
    requests.last('initialize').fail('ECONNRESET')
  }
  await opening
  assert.equal(requests.sent.length, 4)
})

test('a cluster that opens none is left out, and its calls find their way later', async t => {
  const scene = sessionGround(t)
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

test('an id that no header could carry is refused in words, and what was opened is ended, and nothing else', async t => {
  const scene = sessionGround(t)
  const tokens: string[] = []
  for (let count = 0; count < MOST_SESSIONS; count += 1) tokens.push((await opened(scene)).token)
  for (const token of tokens) sessionOf(scene.sessions, token)
  const { sessions, call, requests } = scene
  const before = requests.sent.length
  const members = Array.from({ length: 8 }, () => ({ cluster: 'crm' }))
  const opening = sessions.initialize({ ...call, server: { ...call.server, members } })
  await settle()
  const id = { 'mcp-session-id': 'x'.repeat(1_000) }
  const asked = requests.sent.slice(before)
  for (const one of asked) await one.result({ protocolVersion: '2025-11-25' }, id)
  for (const request of requests.sent.slice(before + asked.length)) await request.status(202)
  const { refusal } = (await opening) as { readonly refusal?: { readonly code: string } }
  assert.equal(refusal?.code, 'RINGMAIN_SESSION_TOO_LARGE')
  assert.equal(requests.methods().filter(method => method === 'DELETE').length, asked.length)
  for (const token of tokens)
    assert.ok(sessions.open(token, HERE), 'as many are held as there may be')
})

test('when no cluster can open any, the handshake is refused', async t => {
  const { initialize, call } = sessionGround(t)
  const server = { ...call.server, members: [{ cluster: 'gone' }] }
  const outcome = await initialize({ server })
  assert.ok('refusal' in outcome)
  assert.equal(outcome.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
})

test('beyond as many as its cluster allows, a session that is not used is ended, and its caller told so', async t => {
  const scene = sessionGround(t)
  const tokens: string[] = []
  for (let count = 0; count < MOST_SESSIONS; count += 1) tokens.push((await opened(scene)).token)
  const [first = '', second = '', third = ''] = tokens
  for (const token of tokens) sessionOf(scene.sessions, token)
  sessionOf(scene.sessions, first)
  scene.busy.add(second)
  assert.ok(!scene.requests.methods().includes('DELETE'))
  await opened(scene)
  assert.equal(scene.sessions.open(third, HERE), undefined, 'which its caller is told as 404')
  assert.equal(scene.requests.methods().filter(method => method === 'DELETE').length, 1)
  for (const token of [first, second, ...tokens.slice(3)])
    assert.ok(scene.sessions.open(token, HERE))
})

test('who opens and uses sessions without end has those of nobody else ended', async t => {
  const scene = sessionGround(t)
  const { token } = await opened(scene)
  sessionOf(scene.sessions, token)
  for (let count = 0; count < 3 * MOST_SESSIONS; count += 1) {
    const theirs = await opened(scene, '192.0.2.1')
    assert.ok(scene.sessions.open(theirs.token, '192.0.2.1'))
  }
  assert.ok(scene.sessions.open(token, HERE), 'it was not used for longest, and is there')
})

test('sessions that another router opened are held to the same bound once they are used here', async t => {
  const sealer = createSealer(SESSION_KEY)
  const scene = sessionGround(t, sealer)
  const { endpoint } =
    sessionOf(scene.sessions, (await opened(scene)).token).members[0] ?? assert.fail()
  const theirs = Array.from({ length: MOST_SESSIONS }, (_, index) =>
    sealSession(sealer, {
      serverName: 'default',
      version: '2025-11-25',
      members: [{ cluster: 'crm', endpoint, id: `theirs-${index}`, version: '2025-11-25' }],
      client: { info: { name: 'c', version: '1' }, capabilities: {} },
    }),
  )
  for (const token of theirs) sessionOf(scene.sessions, token)
  const ended = scene.requests.sent.filter(({ method }) => method === 'DELETE')
  assert.deepEqual(
    ended.map(one => one.header('mcp-session-id')),
    ['crm-1'],
  )
})
