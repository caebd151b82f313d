// What is decided on a request's head, on real sockets: whoever sends a body for nothing is told before the body has come.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { listening, post, raw } from '#test/support/listening.ts'

const head = (line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}`
const CALL = `${head('POST /mcp', 'content-length: 2\r\nconnection: close\r\n')}\r\n{}`

test('a body for an unknown path or server, or with another verb, is not waited for', async t => {
  const { port, arrived } = await listening(t, { isOffered: name => name === 'default' })
  for (const [line, answer] of [
    ['POST /nowhere', /^HTTP\/1\.1 404 [^]*RINGMAIN_UNKNOWN_PATH/],
    ['PUT /mcp', /^HTTP\/1\.1 405 [^]*RINGMAIN_METHOD_NOT_ALLOWED/],
    ['POST /mcp/none', /^HTTP\/1\.1 404 [^]*RINGMAIN_UNKNOWN_SERVER/],
    ['PATCH /mcp/none', /^HTTP\/1\.1 405 [^]*RINGMAIN_METHOD_NOT_ALLOWED/],
  ] as const) {
    const { all } = await raw(port, `${head(line, 'content-length: 900\r\n')}\r\n{`)
    assert.match(await all, answer, line)
  }
  assert.deepEqual(arrived, [])
})

test('where there is no body, the connection is good for what comes next', async t => {
  const { port, arrived } = await listening(t, { isOffered: name => name === 'default' })
  for (const line of ['GET /nowhere', 'OPTIONS /mcp', 'GET /mcp/none']) {
    const { all } = await raw(port, `${head(line)}\r\n${CALL}`)
    assert.match(await all, /^HTTP\/1\.1 40[45] [^]*HTTP\/1\.1 200 [^]*taken$/, line)
  }
  assert.equal(arrived.length, 3)
})

test('a preflight of another path is told that there is nothing', async t => {
  const { ask } = await listening(t)
  const headers = { origin: 'http://localhost', 'access-control-request-method': 'POST' }
  assert.match(await ask('/zzz', { method: 'OPTIONS', headers }), /^404 RINGMAIN_UNKNOWN_PATH/)
  assert.match(await ask('/mcp', { method: 'OPTIONS', headers }), /^204 /)
})

test('whoever waits for 100 Continue is asked for its body only when it will be read', async t => {
  const { port, ask } = await listening(t)
  const wanted = 'content-length: 2\r\nexpect: 100-continue\r\n'
  const refused = await raw(port, `POST /mcp HTTP/1.1\r\nhost: evil\r\n${wanted}\r\n`)
  assert.match(await refused.all, /^HTTP\/1\.1 403 /)
  const lost = await raw(port, `${head('POST /nowhere', wanted)}\r\n`)
  assert.match(await lost.all, /^HTTP\/1\.1 404 /)
  const { socket, all } = await raw(
    port,
    `${head('POST /mcp', `${wanted}connection: close\r\n`)}\r\n`,
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('{}')
  assert.match(await all, /HTTP\/1\.1 200 [^]*taken$/)
  assert.equal(await ask('/mcp', post('{}')), '200 taken')
})
