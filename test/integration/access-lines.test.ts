// One access line for every call, whatever became of it, and nothing of a caller's secrets in any.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  callParams,
  legacyCall,
  modernCall,
  modernHeaders,
  modernRequest,
  openSession,
  rawRequest,
} from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, type LogLine, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const tool = await startScripted({ name: 'tool' })
const router = await startRouterProcess(
  documents(
    clusterOf('tools', [tool.url]),
    // Of its own: what is to be answered must not be held to so little.
    clusterOf('hasty', [tool.url], { timeouts: { firstByte: '300ms' } }),
    serverOf('default', ['tools']),
    serverOf('hasty', ['hasty']),
  ),
)
for (const name of ['tools', 'hasty']) await router.untilUp(name, 1)
const { mcpUrl } = router
const calls = (): readonly LogLine[] => router.lines().filter(({ event }) => event === 'call')

after(async () => {
  await router.close()
  await tool.close()
})

interface Outcome {
  readonly does: string
  readonly call: () => Promise<unknown>
  readonly line: LogLine
}

const leaving = async (name: string): Promise<void> => {
  const leave = new AbortController()
  const ran = tool.executions(name)
  const call = modernCall(mcpUrl, name, { ms: 5_000 }, { signal: leave.signal, progressToken: 'p' })
  await until('it to run', () => tool.executions(name) === ran + 1)
  leave.abort()
  await call.catch(() => undefined) // leaving is what is tested
}

const outcomes: readonly Outcome[] = [
  {
    does: 'a call that is answered',
    call: () => modernCall(mcpUrl, 'echo'),
    line: {
      'ringmain.result': 'answered',
      'http.status': 200,
      'mcp.era': 'modern',
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      'ringmain.cluster': 'tools',
      'ringmain.attempts': 1,
    },
  },
  {
    does: 'a tool that fails by itself',
    call: () => modernCall(mcpUrl, 'fail'),
    line: { 'ringmain.result': 'answered' },
  },
  {
    does: 'a stream',
    call: () => modernCall(mcpUrl, 'progress', {}, { progressToken: 'p' }),
    line: { 'ringmain.result': 'answered', 'ringmain.stream': true },
  },
  {
    does: 'a legacy call',
    call: () => legacyCall(mcpUrl, 'echo'),
    line: {
      'ringmain.result': 'answered',
      'mcp.era': 'legacy',
      'mcp.protocol.version': '2025-11-25',
    },
  },
  {
    does: 'a handshake',
    call: () => openSession(mcpUrl),
    line: { 'ringmain.result': 'answered', 'mcp.method.name': 'initialize' },
  },
  {
    does: 'a list',
    call: () => rawRequest(mcpUrl, modernRequest('tools/list')),
    line: { 'ringmain.result': 'answered', 'mcp.method.name': 'tools/list' },
  },
  {
    does: 'a notification',
    call: () =>
      rawRequest(mcpUrl, {
        headers: modernHeaders('x'),
        body: '{"jsonrpc":"2.0","method":"notifications/x"}',
      }),
    line: { 'ringmain.result': 'answered', 'http.status': 202 },
  },
  {
    does: 'a timeout',
    call: () => modernCall(`${mcpUrl}/hasty`, 'hang_before_headers'),
    line: {
      'ringmain.result': 'refused',
      'ringmain.refusal': 'RINGMAIN_UPSTREAM_TIMEOUT',
      reason: 'timeout',
    },
  },
  {
    does: 'a lost connection',
    call: () => modernCall(mcpUrl, 'die_before_headers'),
    line: { 'ringmain.refusal': 'RINGMAIN_OUTCOME_UNKNOWN', reason: 'outcome_unknown' },
  },
  {
    does: 'an answer that breaks off',
    call: () => modernCall(mcpUrl, 'die_mid_event', {}, { progressToken: 'p' }),
    line: { 'ringmain.result': 'broken', 'ringmain.refusal': 'RINGMAIN_OUTCOME_UNKNOWN' },
  },
  {
    does: 'a caller who leaves before the first byte',
    call: () => leaving('slow'),
    line: { 'ringmain.result': 'caller_gone' },
  },
  {
    does: 'a caller who leaves a stream',
    call: () => leaving('idle_stream'),
    line: { 'ringmain.result': 'caller_gone', 'ringmain.stream': true },
  },
  {
    does: 'an unknown virtual server',
    call: () => modernCall(`${mcpUrl}/nobody`, 'echo'),
    line: { 'ringmain.refusal': 'RINGMAIN_UNKNOWN_SERVER', 'http.status': 404 },
  },
  {
    does: 'a body that is no JSON',
    call: () => rawRequest(mcpUrl, { headers: modernHeaders('x'), body: '{' }),
    line: { 'ringmain.refusal': 'RINGMAIN_MALFORMED_JSON', 'http.status': 400, bytes_in: 1 },
  },
  {
    does: 'a header that lies',
    call: () =>
      rawRequest(mcpUrl, {
        ...modernRequest('tools/call', callParams('echo')),
        headers: modernHeaders('tools/call', 'fail'),
      }),
    line: { 'ringmain.refusal': 'RINGMAIN_HEADER_MISMATCH', 'gen_ai.tool.name': 'echo' },
  },
  {
    does: 'GET',
    call: () => rawRequest(mcpUrl, { method: 'GET' }),
    line: { 'ringmain.refusal': 'RINGMAIN_METHOD_NOT_ALLOWED', 'http.method': 'GET' },
  },
  {
    does: 'a foreign Host',
    call: () => rawRequest(mcpUrl, { headers: { host: 'evil.example' } }),
    line: { 'ringmain.refusal': 'RINGMAIN_HOST_REFUSED', 'http.status': 403 },
  },
]

for (const { does, call, line } of outcomes) {
  test(`${does} leaves one access line that tells it`, async () => {
    const before = (await router.view()).calls.total
    await until('the lines before it', () => calls().length === before)
    await call()
    const last = await until('its line', () => calls()[before])
    for (const [key, value] of Object.entries(line)) assert.equal(last[key], value, key)
    assert.ok((last['duration_ms'] as number) >= 0)
    assert.equal((await router.view()).calls.total, before + 1)
  })
}

test('no access line holds an argument, a header or a session id of a caller', async () => {
  const session = await openSession(mcpUrl)
  await legacyCall(
    mcpUrl,
    'echo',
    { password: 'swordfish' },
    { session, headers: { authorization: 'Bearer hush' } },
  )
  const before = (await router.view()).calls.total
  await until('its line', () => calls().length === before)
  const text = JSON.stringify(router.lines())
  for (const secret of ['swordfish', 'hush', ...(session === '' ? [] : [session])])
    assert.ok(!text.includes(secret), secret)
})
