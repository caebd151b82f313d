// What the listener does with a router's overload: refuses on the head and keeps the connection, or takes no connection at all.
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { JSON_TYPE, listening, post, raw } from '#test/support/listening.ts'

const OVERLOADED = { code: 'RINGMAIN_OVERLOADED' } as const

test('a request that is refused for overload is not received, and its connection serves the next', async t => {
  let isOverloaded = true
  const { ask, arrived, shed } = await listening(t, {
    shed: () => (isOverloaded ? OVERLOADED : undefined),
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const request = { ...post('{"a":1}'), agent }
  assert.equal(await ask('/mcp', request), '503 RINGMAIN_OVERLOADED')
  isOverloaded = false
  assert.equal(await ask('/mcp', request), '200 taken')
  assert.deepEqual(shed, ['default'])
  assert.equal(arrived.length, 1)
})

test('it is refused before its body has come, and what comes late is no request', async t => {
  const { port, arrived } = await listening(t, { shed: () => OVERLOADED })
  const body = 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'
  const head = `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const { socket, all } = await raw(port, head)
  await new Promise(resolve => socket.once('data', resolve))
  socket.write(body)
  socket.write('GET /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n')
  const answers = (await all).match(/HTTP\/1\.1 \d+/g)
  assert.deepEqual(answers, ['HTTP/1.1 503', 'HTTP/1.1 200'])
  assert.deepEqual(
    arrived.map(({ verb }) => verb),
    ['GET'],
  )
})

test('a long body, or one of unknown length, costs its connection instead', async t => {
  const { ask, port } = await listening(t, { shed: () => OVERLOADED, maxBodyBytes: 100_000 })
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const long = { ...post(Buffer.alloc(70_000, ' ')), agent }
  assert.equal(await ask('/mcp', long), '503 RINGMAIN_OVERLOADED and closes')
  const chunked = `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`
  assert.match(await (await raw(port, chunked)).all, /^HTTP\/1\.1 503 [^]*connection: close/i)
})

test('what is no call of a server is not weighed', async t => {
  const asked: string[] = []
  const { ask } = await listening(t, {
    isOffered: name => name === 'default',
    shed: name => {
      asked.push(name)
      return undefined
    },
  })
  await ask('/mcp/nowhere', post('{}'))
  await ask('/mcp', { method: 'DELETE' })
  await ask('/mcp', { method: 'GET' })
  await ask('/mcp', { method: 'POST', headers: { ...JSON_TYPE, host: 'evil.example' }, body: '{}' })
  assert.deepEqual(asked, [])
  await ask('/mcp', post('{}'))
  assert.deepEqual(asked, ['default'])
})

test('where no connection may come, a new one is closed at once and one that is open is served', async t => {
  let mayConnect = true
  const { ask, port, dropped } = await listening(t, { mayConnect: () => mayConnect })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  await ask('/mcp', { ...post('{}'), agent })
  mayConnect = false
  assert.equal(await (await raw(port, '')).all, '')
  assert.equal(await ask('/mcp', { ...post('{}'), agent }), '200 taken')
  assert.equal(dropped(), 1)
})

test('a refusal to one who waited to be told to send its body ends the connection: nothing sent next is taken for that body', async t => {
  const { port, arrived } = await listening(t, { shed: () => OVERLOADED })
  const head = 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'
  const { socket, all } = await raw(
    port,
    `${head}content-length: 20\r\nexpect: 100-continue\r\n\r\n`,
  )
  socket.on('error', () => undefined) // nobody reads on
  await new Promise(resolve => socket.once('data', resolve))
  socket.write(`${head}content-length: 2\r\n\r\n{}`)
  const answers = await all
  assert.match(answers, /^HTTP\/1\.1 503 [^]*connection: close\r\n/)
  assert.equal(answers.match(/HTTP\/1\.1 /g)?.length, 1)
  assert.equal(arrived.length, 0)
})
