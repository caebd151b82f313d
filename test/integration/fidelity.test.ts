// What a caller wrote is what the tool reads, and what the tool wrote is what the caller reads, to the byte,
// but for the spans that must change: a tool's name, and an id in the legacy era.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { after, test } from 'node:test'
import {
  answerOf,
  LEGACY_VERSION,
  legacyHeaders,
  modernHeaders,
  openSession,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { RAW_RESULT } from '#test/support/scripted-tools.ts'

const tool = await startScripted({ name: 'modern', eras: ['modern'] })
const legacyTool = await startScripted({ name: 'legacy', eras: ['legacy'], isSessionful: true })
const router = await runRouter(
  documents(
    clusterOf('plain', [tool.url]),
    clusterOf('old', [legacyTool.url]),
    serverOf('default', ['plain', 'old']),
    serverOf('plain', ['plain']),
    serverOf('old', ['old']),
  ),
)

after(async () => {
  await router.close()
  await tool.close()
  await legacyTool.close()
})

const META =
  '"_meta":{ "io.modelcontextprotocol/clientCapabilities":{"x":{}}, "io.modelcontextprotocol/protocolVersion":"2026-07-28","com.example/n":9007199254740993 }'
/** Numbers past 2^53, a hundred in another spelling, doubled spaces, unknown members, escapes, an odd order of keys. */
const ODD_ARGUMENTS =
  '"arguments" :  {"big":9223372036854775807,"hundred":1e2,"neg":-0,"f":1.10,"text":"\\u00e9\\/  é","list":[1,  2 ],"z":null}'

const lastHeaders = (server: ScriptedServer): IncomingHttpHeaders =>
  server.calls().at(-1)?.headers ?? {}

const lastCall = (server: ScriptedServer): Buffer => server.calls().at(-1)?.body ?? Buffer.alloc(0)

test('a modern call under a plain name reaches the tool byte for byte', async () => {
  const body = `{ "method":"tools/call","params":{"x-unknown":[1,2], "name":"echo",${ODD_ARGUMENTS},${META} },"id" : "a-1" ,"jsonrpc":"2.0"}\n`
  const answer = await rawRequest(`${router.mcpUrl}/plain`, {
    headers: modernHeaders('tools/call', 'echo'),
    body,
  })
  assert.equal(answer.status, 200)
  assert.equal(lastCall(tool).toString(), body)
  assert.equal(answerOf(answer).id, 'a-1')
})

test('a modern call under a prefixed name changes the name in body and header, and nothing else', async () => {
  const body = (name: string): string =>
    `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{${META},${ODD_ARGUMENTS},"name": "${name}" }}`
  const answer = await rawRequest(router.mcpUrl, {
    headers: {
      ...modernHeaders('tools/call', 'plain__echo'),
      'mcp-param-region': 'eu',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    },
    body: body('plain__echo'),
  })
  assert.equal(answer.status, 200)
  assert.equal(lastCall(tool).toString(), body('echo'))
  const headers = lastHeaders(tool)
  assert.equal(headers['mcp-name'], 'echo')
  assert.equal(headers['mcp-param-region'], undefined) // no argument of this tool is mirrored into it
  assert.equal(headers['traceparent'], '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
})

test('what a caller says to the router alone does not reach the tool', async () => {
  await rawRequest(`${router.mcpUrl}/plain`, {
    headers: {
      ...modernHeaders('tools/call', 'echo'),
      authorization: 'Bearer secret',
      cookie: 'a=b',
      'mcp-session-id': 'mine',
      'x-forwarded-for': '10.0.0.1',
      connection: 'keep-alive, x-hop',
      'x-hop': '1',
    },
    body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",${META}}}`,
  })
  const headers = lastHeaders(tool)
  for (const name of ['authorization', 'cookie', 'mcp-session-id', 'x-forwarded-for', 'x-hop'])
    assert.equal(headers[name], undefined, name)
})

test('a legacy call changes its id, and its name where it has a prefix, and nothing else', async () => {
  for (const [path, name] of [
    ['', 'old__echo'],
    ['/old', 'echo'],
  ] as const) {
    const session = await openSession(router.mcpUrl + path)
    const answer = await rawRequest(router.mcpUrl + path, {
      headers: legacyHeaders({ session }),
      body: `{"jsonrpc":"2.0", "id" : "c-9", "method":"tools/call","params":{"name":"${name}",${ODD_ARGUMENTS},"more":1}}`,
    })
    assert.equal(answer.status, 200)
    assert.equal(answerOf(answer).id, 'c-9')
    const sent = legacyTool.calls().at(-1)
    assert.notEqual(sent?.id, 'c-9')
    assert.equal(
      lastCall(legacyTool).toString(),
      `{"jsonrpc":"2.0", "id" : ${String(sent?.id)}, "method":"tools/call","params":{"name":"echo",${ODD_ARGUMENTS},"more":1}}`,
    )
    assert.equal(sent?.headers['mcp-protocol-version'], LEGACY_VERSION)
  }
})

test('a result comes back as the tool wrote it, from JSON and from events, in both eras', async () => {
  const session = await openSession(`${router.mcpUrl}/old`)
  const modern = (name: string) =>
    rawRequest(`${router.mcpUrl}/plain`, {
      headers: modernHeaders('tools/call', name),
      body: `{"jsonrpc":"2.0","id":"m","method":"tools/call","params":{"name":"${name}",${META}}}`,
    })
  const legacy = (name: string) =>
    rawRequest(`${router.mcpUrl}/old`, {
      headers: legacyHeaders({ session }),
      body: `{"jsonrpc":"2.0","id":"m","method":"tools/call","params":{"name":"${name}"}}`,
    })
  const whole = `{"jsonrpc":"2.0","id":"m","result":${RAW_RESULT}}`
  for (const answer of [await modern('raw'), await legacy('raw')]) {
    assert.equal(answer.body.toString(), whole)
  }
  const stateless = (await modern('raw_stream')).body.toString()
  assert.ok(stateless.includes(`data: ${whole}\n\n`), stateless)
  assert.ok(!/^(?:id|retry):/m.test(stateless), stateless)
  // Within a session its caller may come back: by an id of the router's own, which says more than the tool's.
  const kept = (await legacy('raw_stream')).body.toString()
  assert.ok(kept.includes(`data: ${whole}\nid: `), kept)
  assert.match(kept, /^id: [A-Za-z0-9_-]{20,}\nretry: 10\n\n$/m)
})

test('ids keep their type and their spelling on the way back', async () => {
  const session = await openSession(`${router.mcpUrl}/old`)
  for (const id of ['0', '-1', '"0"', '""', '9007199254740991', '"\\u00e9"', '1.00', '"é"']) {
    const modern = await rawRequest(`${router.mcpUrl}/plain`, {
      headers: modernHeaders('tools/call', 'echo'),
      body: `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo",${META}}}`,
    })
    assert.equal(modern.status, 200, `modern id ${id}`)
    const legacy = await rawRequest(`${router.mcpUrl}/old`, {
      headers: legacyHeaders({ session }),
      body: `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"raw"}}`,
    })
    assert.ok(legacy.body.toString().startsWith(`{"jsonrpc":"2.0","id":${id},"result"`), id)
    assert.ok(lastCall(tool).toString().includes(`"id":${id},`), id)
  }
})

test('an answer that comes one byte at a time is the same answer', async () => {
  const session = await openSession(`${router.mcpUrl}/old`)
  const slow = await rawRequest(`${router.mcpUrl}/old`, {
    headers: legacyHeaders({ session }),
    body: '{"jsonrpc":"2.0","id":41,"method":"tools/call","params":{"name":"one_byte"}}',
  })
  assert.equal(answerOf(slow).id, 41)
  assert.equal(slow.isCut, false)
})
