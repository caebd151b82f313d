// Sessions in the router's own name, over played exchanges: what is sent, in which order, and that none is left behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { type PlayedExchange, playedExchange } from '#test/support/played-exchange.ts'
import { endUpstreamSession, type HandshakeWay, openUpstreamSession } from './legacy-handshake.ts'
import type { Outgoing } from './send.ts'

interface Seen {
  readonly outgoing: Outgoing
  readonly played: PlayedExchange
}

function way(): { readonly way: HandshakeWay; readonly seen: Seen[] } {
  const seen: Seen[] = []
  return {
    seen,
    way: {
      path: '/mcp',
      times: { firstByteMs: 1_000, idleMs: 1_000 },
      timeoutMs: 1_000,
      nextId: () => 7,
      send: outgoing => {
        const played = playedExchange()
        seen.push({ outgoing, played })
        return played.sent
      },
    },
  }
}

const ASKED = { version: '2025-11-25', client: { name: 'ringmain', version: '1' } }

async function answered(
  { played }: Seen,
  body: object,
  more: { readonly session?: string; readonly status?: number } = {},
): Promise<void> {
  played.answer(
    {
      'content-type': 'application/json',
      ...(more.session === undefined ? {} : { 'mcp-session-id': more.session }),
    },
    more.status,
  )
  played.data(JSON.stringify({ jsonrpc: '2.0', id: 7, ...body }))
  played.end()
  await settle()
}

const nth = (seen: readonly Seen[], index: number): Seen =>
  seen[index] ?? assert.fail(`only ${seen.length} were sent`)

const methodOf = ({ outgoing }: Seen): unknown =>
  outgoing.body === undefined
    ? outgoing.method
    : (JSON.parse(outgoing.body.toString()) as { method: unknown }).method

test('a session is opened with empty capabilities and no version header, then told that it is initialized', async () => {
  const { way: to, seen } = way()
  const opening = openUpstreamSession(to, ASKED)
  assert.deepEqual(JSON.parse(String(nth(seen, 0).outgoing.body)), {
    jsonrpc: '2.0',
    id: 7,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: ASKED.client },
  })
  assert.ok(!nth(seen, 0).outgoing.headers.includes('mcp-protocol-version'))
  await answered(
    nth(seen, 0),
    { result: { protocolVersion: '2025-06-18', instructions: 'be kind' } },
    { session: 's' },
  )
  assert.equal(methodOf(nth(seen, 1)), 'notifications/initialized')
  assert.deepEqual(nth(seen, 1).outgoing.headers.slice(-4), [
    'mcp-protocol-version',
    '2025-06-18',
    'mcp-session-id',
    's',
  ])
  await answered(nth(seen, 1), {}, { status: 202 })
  assert.deepEqual(await opening, {
    kind: 'open',
    session: { version: '2025-06-18', sessionId: 's', instructions: 'be kind' },
  })
})

test('a server that keeps no session is told nothing more', async () => {
  const { way: to, seen } = way()
  const opening = openUpstreamSession(to, ASKED)
  await answered(nth(seen, 0), { result: { protocolVersion: '2025-11-25' } })
  assert.deepEqual(await opening, { kind: 'open', session: { version: '2025-11-25' } })
  assert.equal(seen.length, 1)
})

test('a session is usable although its server would not take the notification', async () => {
  const { way: to, seen } = way()
  const opening = openUpstreamSession(to, ASKED)
  await answered(nth(seen, 0), { result: { protocolVersion: '2025-11-25' } }, { session: 's' })
  nth(seen, 1).played.fail('ECONNRESET')
  assert.equal((await opening).kind, 'open')
})

test('a session under a version that the router does not speak is ended again', async () => {
  for (const result of [{ protocolVersion: '2024-11-05' }, { protocolVersion: 5 }, {}, 'no']) {
    const { way: to, seen } = way()
    const opening = openUpstreamSession(to, ASKED)
    await answered(nth(seen, 0), { result }, { session: 's' })
    assert.equal(nth(seen, 1).outgoing.method, 'DELETE')
    assert.ok(nth(seen, 1).outgoing.headers.includes('s'))
    await answered(nth(seen, 1), {}, { status: 200 })
    assert.equal((await opening).kind, 'failed')
  }
})

test('an error, a fault and a foreign answer open nothing', async () => {
  for (const play of [
    (one: Seen) => answered(one, { error: { code: -32_602, message: 'no' } }, { status: 400 }),
    (one: Seen) => Promise.resolve(one.played.fail('ECONNRESET')),
    (one: Seen) => answered(one, { id: 8, result: { protocolVersion: '2025-11-25' } }),
    (one: Seen) => answered(one, { result: null }),
  ]) {
    const { way: to, seen } = way()
    const opening = openUpstreamSession(to, ASKED)
    await play(nth(seen, 0))
    assert.equal((await opening).kind, 'failed')
    assert.equal(seen.length, 1)
  }
})

test('ending names the session, and is silent where there is none or the server refuses', async () => {
  const { way: to, seen } = way()
  await endUpstreamSession(to, { version: '2025-11-25' })
  assert.equal(seen.length, 0)
  const ending = endUpstreamSession(to, { version: '2025-03-26', sessionId: 's' })
  assert.deepEqual(nth(seen, 0).outgoing, {
    method: 'DELETE',
    path: '/mcp',
    headers: ['mcp-session-id', 's'], // that revision does not know the version header
    body: undefined,
    firstByteMs: 1_000,
    idleMs: 1_000,
  })
  await answered(nth(seen, 0), {}, { status: 405 })
  await ending
})

test('a session id that could not go back in a header opens nothing', async () => {
  for (const session of ['caf\u00e9', 'two words', '', 'x'.repeat(1_025)]) {
    const { way: to, seen } = way()
    const opening = openUpstreamSession(to, ASKED)
    await answered(nth(seen, 0), { result: { protocolVersion: '2025-06-18' } }, { session })
    const opened = await opening
    assert.equal(opened.kind, 'failed')
    assert.match(
      String('detail' in opened.reply && opened.reply.detail),
      /its session id is not 1 to/,
    )
    assert.equal(seen.length, 1)
  }
})
