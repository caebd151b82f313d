// A page of an allowed origin can ask, send and read; any other is refused before that. On real sockets, as a browser does it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { JSON_TYPE, listening } from '#test/support/listening.ts'

async function asked(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const outgoing = request(new URL('/mcp', url), { method, headers, agent: false })
  outgoing.end(method === 'POST' ? '{}' : undefined)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  answer.resume()
  return answer
}

const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type, Mcp-Param-Region, x-own',
}

test('a browser is told what an allowed page may send, and its own headers are not among it', async t => {
  const { port, arrived } = await listening(t)
  const url = `http://127.0.0.1:${port}`
  const origin = new URL(url).origin
  const answer = await asked(url, 'OPTIONS', { origin, ...PREFLIGHT })
  assert.equal(answer.statusCode, 204)
  assert.equal(answer.headers['access-control-allow-origin'], origin)
  const names = String(answer.headers['access-control-allow-headers']).split(', ')
  for (const name of ['content-type', 'mcp-protocol-version', 'mcp-session-id', 'mcp-param-region'])
    assert.ok(names.includes(name), name)
  assert.ok(!names.includes('x-own'))
  assert.deepEqual(arrived, [])
})

test('an allowed page may read the answer and the session id', async t => {
  const { port } = await listening(t)
  const url = `http://127.0.0.1:${port}`
  const origin = new URL(url).origin
  const answer = await asked(url, 'POST', { origin, ...JSON_TYPE })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['access-control-allow-origin'], origin)
  assert.match(String(answer.headers['access-control-expose-headers']), /Mcp-Session-Id/)
  assert.equal(answer.headers.vary, 'origin')
})

test('a page of any other origin is refused, and told nothing it could use', async t => {
  const { port } = await listening(t)
  const url = `http://127.0.0.1:${port}`
  for (const method of ['OPTIONS', 'POST']) {
    const headers = { origin: 'https://evil.example', ...PREFLIGHT, ...JSON_TYPE }
    const answer = await asked(url, method, headers)
    assert.equal(answer.statusCode, 403, method)
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  }
})

test('who is no browser gets no such headers, and OPTIONS from there is not allowed', async t => {
  const { port } = await listening(t)
  const url = `http://127.0.0.1:${port}`
  const answer = await asked(url, 'POST', JSON_TYPE)
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  assert.equal((await asked(url, 'OPTIONS', {})).statusCode, 405)
})
