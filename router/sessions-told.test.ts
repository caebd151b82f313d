// What callers are told of a virtual server when they come, and what goes into each part of a session.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { type CallFacts } from '#test/support/call-facts.ts'
import { type SentRequest } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { HERE, opened, SESSION_KEY, sessionGround } from '#test/support/session-ground.ts'
import type { Capabilities } from './capabilities.ts'
import type { Sessions } from './sessions.ts'

const discovered = (told: ReturnType<Sessions['discover']>): Record<string, unknown> =>
  JSON.parse(told.resultJson) as Record<string, unknown>

test('replicas of the modern era need no session for a legacy caller', async t => {
  const { sessions, call, requests } = sessionGround(t, createSealer(SESSION_KEY), ['modern'])
  const opened = await sessions.initialize({ ...call, era: 'legacy' })
  assert.ok('sessionToken' in opened)
  assert.deepEqual(sessions.open(opened.sessionToken, HERE)?.members, [])
  assert.equal(requests.sent.length, 0)
})

test('the document’s instructions go before what replicas say of themselves', async t => {
  const { sessions, call } = sessionGround(t)
  const told = (server: CallFacts['server']): unknown =>
    discovered(sessions.discover({ ...call, server }))['instructions']
  assert.equal(told({ ...call.server, instructions: 'mine' }), 'mine')
  assert.equal(told(call.server), '## web\n\nsearch gently')
  assert.equal(told({ ...call.server, members: [{ cluster: 'web' }] }), 'search gently')
  assert.equal(
    told({ ...call.server, members: [{ cluster: 'crm' }, { cluster: 'gone' }] }),
    undefined,
  )
})

test('discover tells the versions and capabilities of the router', t => {
  const { sessions, call } = sessionGround(t)
  const { instructions, ...rest } = discovered(sessions.discover(call))
  assert.equal(instructions, '## web\n\nsearch gently')
  assert.deepEqual(rest, {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'ringmain', version: '1' } },
  })
})

test('what the replicas of this era can do is told, of whichever cluster', t => {
  const can = (...names: readonly ('prompts' | 'resources')[]): Capabilities => ({
    has: names,
    tells: [],
    hasSubscriptions: false,
    extensions: {},
  })
  const { sessions, call } = sessionGround(t, createSealer(SESSION_KEY), ['legacy', 'modern'], {
    modern: can('resources'),
    legacy: can('prompts'),
  })
  assert.deepEqual(discovered(sessions.discover(call))['capabilities'], {
    tools: {},
    resources: {},
  })
})

test('a level goes into each part of a session, and a part that is gone ends it', async t => {
  const around = sessionGround(t)
  const { sessions, requests, call } = around
  const { token } = await opened(around)
  const session = sessions.open(token, HERE) ?? assert.fail('it does not open')
  const setting = sessions.setLevel({ ...call, session }, 'debug')
  await settle()
  const asked = requests.last('logging/setLevel')
  assert.deepEqual(asked.message['params'], { level: 'debug' })
  assert.equal(asked.header('mcp-session-id'), 'crm-1')
  await asked.error(200, -32_601)
  assert.equal(await setting, undefined)
  assert.equal(sessions.open(token, HERE)?.logLevel, 'debug')
  for (const [play, code] of [
    [(to: SentRequest) => to.status(404), 'RINGMAIN_SESSION_UNKNOWN'],
    [(to: SentRequest) => Promise.resolve(to.fail('ECONNREFUSED')), 'RINGMAIN_NO_HEALTHY_REPLICA'],
  ] as const) {
    const again = sessions.setLevel({ ...call, session }, 'info')
    await settle()
    await play(requests.last('logging/setLevel'))
    assert.equal((await again)?.code, code)
  }
  const gone = session.members.map(member => ({ ...member, endpoint: '127.0.0.1:9' }))
  const lost = await sessions.setLevel({ ...call, session: { ...session, members: gone } }, 'info')
  assert.equal(lost?.code, 'RINGMAIN_SESSION_UNKNOWN')
  assert.equal(await sessions.setLevel(call, 'info'), undefined)
})
