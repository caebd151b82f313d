// The port that assistants call, on real sockets: what reaches the path, and what is turned away before it with which refusal.
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { JSON_TYPE, listening, post } from '#test/support/listening.ts'

test('a POST reaches the path with its bytes as they came, under the server of its path', async t => {
  const { ask, arrived } = await listening(t)
  const body = Buffer.from('{"a" : "é", "a":1e2}')
  await ask('/mcp', { headers: { ...JSON_TYPE, 'Mcp-Method': 'x' }, body })
  await ask('/mcp/sales?x=1', {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body,
  })
  assert.deepEqual(
    arrived.map(({ verb, serverName }) => [verb, serverName]),
    [
      ['POST', 'default'],
      ['POST', 'sales'],
    ],
  )
  assert.ok(arrived.every(one => one.body.equals(body)))
  assert.equal(arrived[0]?.headers['mcp-method'], 'x')
})

test('bytes that are no JSON, or no UTF-8, and none at all reach the path: it answers them', async t => {
  const { ask, arrived, refused } = await listening(t)
  for (const body of ['{', '', '\xff\0'])
    assert.equal(await ask('/mcp', post(Buffer.from(body, 'latin1'))), '200 taken')
  assert.equal(await ask('/mcp', {}), '200 taken')
  assert.deepEqual(
    arrived.map(({ body }) => body.length),
    [1, 0, 2, 0],
  )
  assert.deepEqual(refused, [])
})

test('GET and DELETE reach the path without a body', async t => {
  const { ask, arrived } = await listening(t)
  await ask('/mcp', { method: 'GET' })
  await ask('/mcp', { method: 'DELETE', headers: { 'mcp-session-id': 's' } })
  await ask('/mcp', { method: 'DELETE', headers: JSON_TYPE })
  assert.deepEqual(
    arrived.map(({ verb }) => verb),
    ['GET', 'DELETE', 'DELETE'],
  )
  assert.ok(arrived.every(({ body }) => body.length === 0))
})

test('other verbs are not allowed, other paths are unknown', async t => {
  const { ask, arrived } = await listening(t)
  for (const method of ['PUT', 'PATCH', 'OPTIONS'])
    assert.equal(await ask('/mcp', { method }), '405 RINGMAIN_METHOD_NOT_ALLOWED', method)
  assert.equal(
    await ask('/mcp/sales', { method: 'PUT', ...post('{}') }),
    '405 RINGMAIN_METHOD_NOT_ALLOWED',
  )
  for (const path of ['/', '/sse', '/mcp/a/b', '/mcpx', '/MCP'])
    assert.equal(await ask(path, post('{}')), '404 RINGMAIN_UNKNOWN_PATH', path)
  assert.deepEqual(arrived, [])
})

test('a server name of any length is looked up, and one that is spelled with escapes refused', async t => {
  const { ask, arrived, refused } = await listening(t)
  const long = 'x'.repeat(500)
  assert.equal(await ask(`/mcp/${long}`, post('{}')), '200 taken')
  assert.equal(arrived[0]?.serverName, long)
  for (const path of ['/mcp/%73ales', '/%6dcp', '/mcp%3fx', '/mcp/%', '/mcp/%E0%A4%A', '/%zz'])
    assert.equal(await ask(path, post('{}')), '400 RINGMAIN_AMBIGUOUS_REQUEST', path)
  assert.equal(refused.length, 6)
  assert.match(refused[0] ?? '', /raw target/)
  assert.equal(await ask('/mcp?x=%73', post('{}')), '200 taken')
  assert.equal(arrived.length, 2)
})

test('a body over the limit is refused by its length before it is read, and by count when it has none', async t => {
  const { ask, refused, arrived } = await listening(t)
  assert.equal(await ask('/mcp', post('x'.repeat(1_000))), '200 taken')
  const answer = await ask('/mcp', post('x'.repeat(1_001)))
  assert.match(answer, /^413 RINGMAIN_PAYLOAD_TOO_LARGE/)
  const chunked = post('x'.repeat(5_000), { 'transfer-encoding': 'chunked' })
  assert.match(await ask('/mcp', chunked), /^413 RINGMAIN_PAYLOAD_TOO_LARGE/)
  assert.deepEqual(
    new Set(refused),
    new Set(['RINGMAIN_PAYLOAD_TOO_LARGE The limit is 1000 bytes.']),
  )
  assert.equal(arrived.length, 1)
})

test('a type that is not JSON, or none, is not read', async t => {
  const { ask, arrived } = await listening(t)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'json',
    '',
  ])
    assert.match(
      await ask('/mcp', { headers: { 'content-type': type }, body: '{}' }),
      /^415 RINGMAIN_UNSUPPORTED_MEDIA_TYPE/,
      type,
    )
  assert.match(await ask('/mcp', { body: '{}' }), /^415 RINGMAIN_UNSUPPORTED_MEDIA_TYPE/)
  assert.deepEqual(arrived, [])
})

test('a host or an origin that is not on the list is refused before anything is read', async t => {
  const { ask, arrived } = await listening(t)
  for (const [headers, code] of [
    [{ host: 'evil.example' }, '403 RINGMAIN_HOST_REFUSED'],
    [{ host: 'localhost.evil.example:7400' }, '403 RINGMAIN_HOST_REFUSED'],
    [{ origin: 'http://evil.example' }, '403 RINGMAIN_ORIGIN_REFUSED'],
    [{ origin: 'null' }, '403 RINGMAIN_ORIGIN_REFUSED'],
    [{ origin: '' }, '403 RINGMAIN_ORIGIN_REFUSED'],
  ] as const)
    for (const path of ['/mcp', '/nowhere'])
      assert.ok((await ask(path, post('{}', headers))).startsWith(code), JSON.stringify(headers))
  assert.equal(
    await ask('/mcp', post('{}', { host: 'localhost:1', origin: 'http://localhost:5173' })),
    '200 taken',
  )
  assert.equal(arrived.length, 1)
})

test('a connection is kept for the next request, but not where bytes of this one are still to come', async t => {
  const { ask } = await listening(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  assert.equal(await ask('/mcp', { ...post('{}'), agent }), '200 taken')
  assert.equal(
    await ask('/mcp', { ...post('{}', { origin: 'null' }), agent }).then(one => one.slice(0, 3)),
    '403',
  )
  assert.equal(await ask('/mcp', { ...post('x'.repeat(900)), agent }), '200 taken')
  const refused = await ask('/mcp', { ...post('x'.repeat(900_000)), agent })
  assert.match(refused, /and closes$/)
})
