// What a hostile tool server answers: packed bodies that would unfold to gigabytes, and error texts made for a log or a terminal.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { modernCall, modernRequest, problemOf, rawRequest } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

/** And nothing else, for a call of the modern era; the client underneath adds connection, length and host. */
const ON_THE_LIST = (
  'accept accept-encoding connection content-length content-type host ' +
  'mcp-method mcp-name mcp-protocol-version traceparent x-ringmain-deadline-ms x-ringmain-via'
).split(' ')

type Answer = (response: ServerResponse, id: unknown) => void

/** A good server until a tool is called. */
async function hostile(t: TestContext, onCall: Answer) {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly id: unknown
        readonly method: string
      }
      if (method === 'tools/call') return onCall(response, id)
      const found = { supportedVersions: ['2026-07-28'], capabilities: {} }
      const result = method === 'server/discover' ? found : { tools: [{ name: 'echo' }] }
      const isKnown = method === 'server/discover' || method === 'tools/list'
      response
        .writeHead(isKnown ? 200 : 400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...(isKnown ? { result } : {}) }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const running = await runRouter(
    documents(
      clusterOf('tools', [`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`]),
      serverOf('default', ['tools'], { naming: 'plain' }),
    ),
  )
  t.after(async () => {
    await running.close()
    server.close()
    server.closeAllConnections()
  })
  await running.untilUp('tools', 1)
  return { running, seen }
}

test('a packed answer is neither unpacked nor handed on, and the outcome is not known', async t => {
  const bomb = Buffer.alloc(20_000_000, 0x20)
  const packed: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(bomb)],
    ['br', brotliCompressSync(bomb)],
    ['gzip, gzip', gzipSync(gzipSync(bomb))],
    ['deflate', Buffer.from('x')],
    ['\u00e9', Buffer.from('x')],
  ]
  const left = packed.flatMap(one => [200, 400, 404].map(status => [status, ...one] as const))
  const waiting = [...left]
  const { running, seen } = await hostile(t, response => {
    const [status, encoding, body] = waiting.shift() ?? [200, 'identity', Buffer.from('{}')]
    response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': encoding })
    response.end(body)
  })
  for (const [status, encoding] of left) {
    const problem = problemOf(await modernCall(running.mcpUrl, 'echo'))
    assert.equal(problem?.code, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', `${status} ${encoding}`)
    assert.equal(problem?.executed, 'unknown')
  }
  assert.ok(seen.every(headers => headers['accept-encoding'] === 'identity'))
  t.diagnostic(`${left.length} packed answers: 0 unpacked, 0 handed on`)
})

test('what goes to a replica is on the list, whatever the caller sent', async t => {
  const { running, seen } = await hostile(t, (response, id) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-secret': 'c' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })),
  )
  const request = modernRequest('tools/call', { name: 'echo', arguments: { a: '\r\nX-Evil: 1' } })
  const headers = {
    ...request.headers,
    authorization: 'Bearer caller',
    cookie: 'a=b',
    'x-forwarded-for': '10.0.0.1',
    'accept-encoding': 'gzip',
    'x-evil': '1',
    te: 'trailers',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  const before = seen.length
  const answer = await rawRequest(running.mcpUrl, { ...request, headers })
  assert.equal(answer.status, 200)
  const sent = seen.slice(before).filter(one => one['mcp-method'] === 'tools/call')
  assert.deepEqual(Object.keys(sent[0] ?? {}).sort(), ON_THE_LIST)
  assert.deepEqual(
    ['set-cookie', 'x-secret', 'server', 'via'].filter(name => name in answer.headers),
    [],
  )
})

test('an error text made for a log or a terminal is one short line by the time anybody has it', async t => {
  const texts = [
    'a\r\nlevel=error forged',
    '\u001b[2J\u001b[31mred',
    'm'.repeat(60_000),
    '\u202eevil',
  ]
  const waiting = [...texts]
  const { running } = await hostile(t, (response, id) => {
    const message = waiting.shift() ?? ''
    const error = { code: -32_602, message, data: { exact: 1 } }
    response
      .writeHead(400, { 'content-type': 'application/json; x="\u00e9"' })
      .end(
        JSON.stringify({ jsonrpc: '2.0', id, error }).replace(
          '"exact":1',
          '"exact":9007199254740993123',
        ),
      )
  })
  for (const text of texts) {
    const { body } = await modernCall(running.mcpUrl, 'echo')
    const { error } = JSON.parse(body.toString()) as { error: { message: string } }
    assert.notEqual(error.message, text)
    assert.match(error.message, /^[^\p{Cc}\u202e]{1,512}$/u)
    assert.match(body.toString(), /"exact":9007199254740993123/)
  }
  for (const line of running.lines)
    assert.doesNotMatch(JSON.stringify(line), /\\u001b|\\r\\n|m{600}/)
})

test('a megabyte of error text is no answer, and nobody is given it', async t => {
  const { running } = await hostile(t, (response, id) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 1, message: 'm'.repeat(1e6) } })),
  )
  const answer = await modernCall(running.mcpUrl, 'echo')
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
  assert.ok(answer.body.length < 2_000)
})
