// How the command line reads failures of the MCP client, against servers that fail in each way.
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { EXIT, Failure } from './failure.ts'
import { problemIn, withMcpSession } from './mcp-session.ts'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

const session = (url: string, timeoutMs = 10_000) =>
  ({ url, era: 'modern', timeoutMs, version: '0' }) as const
const list = (url: string, timeoutMs?: number) =>
  withMcpSession(session(url, timeoutMs), ({ client, signal }) =>
    client.listTools(undefined, { signal }),
  )

const discovered = (id: unknown): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    result: {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'stub', version: '1' } },
    },
  })

const failsWith = (exitCode: number, code: string, why: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error))
  assert.equal(error.exitCode, exitCode)
  assert.equal(error.parts.code, code)
  assert.match(error.parts.why ?? '', why)
  return true
}

test('a refusal is shown in the words of the router, with its code', async t => {
  const problem = { code: 'RINGMAIN_DRAINING', says: 'This router is shutting down.' }
  const error = { code: -31_959, message: problem.says, data: { problem } }
  const url = await serve(t, (_request, response) => {
    response.writeHead(503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
  })
  await assert.rejects(list(url), failsWith(EXIT.failed, 'ringmain_draining', /shutting down/))
})

test('401 and 403 ask for authorization', async t => {
  for (const status of [401, 403]) {
    const url = await serve(t, (_request, response) => response.writeHead(status).end())
    await assert.rejects(list(url), failsWith(EXIT.needsAuth, 'needs_auth', /./))
  }
})

test('silence ends at the deadline, and says that the outcome is unknown', async t => {
  const url = await serve(t, () => undefined)
  await assert.rejects(list(url, 50), failsWith(EXIT.timedOut, 'timed_out', /outcome_unknown/))
})

test('a stream that breaks off is a lost connection and not a timeout', async t => {
  const url = await serve(t, (request, response) => {
    if (request.headers['mcp-method'] === 'server/discover') {
      response.writeHead(200, { 'content-type': 'application/json' })
      void text(request).then(body => response.end(discovered(JSON.parse(body).id)))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': begun\n\n', () => response.destroy())
  })
  await assert.rejects(list(url), failsWith(EXIT.failed, 'outcome_unknown', /may have run/))
})

test('an address that is none is a usage error', async () => {
  await assert.rejects(list('127.0.0.1:7400'), failsWith(EXIT.usage, 'usage', /got/))
})

test('errors without words of the router have none', () => {
  assert.equal(problemIn(new Error('x')), undefined)
  assert.equal(problemIn('x'), undefined)
  assert.equal(
    problemIn(Object.assign(new Error('x'), { data: { problem: { says: 7 } } })),
    undefined,
  )
})
