// Connections to the port that assistants call: those that never become a request, the slow ones, and the end of all of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Arrived } from '#router/facts.ts'
import { listening, post, raw } from '#test/support/listening.ts'
import { until } from '#test/support/until.ts'

test('too many headers, or too long, and what is no HTTP never become a request', async t => {
  const { port, broken, refused, arrived } = await listening(t)
  const long = await raw(
    port,
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
  )
  assert.match(await long.all, /^HTTP\/1\.1 431 /)
  const none = await raw(port, 'hello\r\n\r\n')
  assert.match(await none.all, /^HTTP\/1\.1 400 /)
  const smuggled = await raw(
    port,
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  assert.match(await smuggled.all, /^HTTP\/1\.1 400 /)
  assert.deepEqual(broken, ['too_large', 'malformed'])
  assert.equal(refused.length, 1)
  assert.deepEqual(arrived, [])
})

test('a request without a host is refused', async t => {
  const { port, arrived } = await listening(t)
  const modern = await raw(port, 'GET /mcp HTTP/1.1\r\nconnection: close\r\n\r\n')
  assert.match(await modern.all, /^HTTP\/1\.1 400 /)
  const old = await raw(port, 'GET /mcp HTTP/1.0\r\n\r\n')
  assert.match(await old.all, /^HTTP\/1\.1 505 /)
  assert.deepEqual(arrived, [])
})

test('headers or a body that do not come in time end the connection with 408', async t => {
  const { port, broken, arrived } = await listening(t, {
    headersTimeoutMs: 200,
    requestTimeoutMs: 300,
  })
  const slowHead = await raw(port, 'POST /mcp HTTP/1.1\r\nhost: localhost\r\n')
  const slowBody = await raw(
    port,
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{',
  )
  assert.match(await slowHead.all, /^HTTP\/1\.1 408 /)
  assert.match(await slowBody.all, /408/)
  assert.deepEqual(broken, ['timeout', 'timeout'])
  assert.deepEqual(arrived, [])
})

test('a request that came while the process stood still is read, and is not late', async t => {
  const { port, arrived, broken } = await listening(t, { headersTimeoutMs: 1_000 })
  const { socket, all } = await raw(port, '')
  for (let turns = 0; turns < 20; turns += 1) await new Promise(resolve => setImmediate(resolve))
  socket.write(WHOLE.replace('host: localhost', 'host: localhost\r\nconnection: close'))
  const endMs = performance.now() + 1_200
  while (performance.now() < endMs);
  assert.match(await all, /^HTTP\/1\.1 200 [^]*taken$/)
  assert.deepEqual([arrived.length, broken], [1, []])
})

const WHOLE =
  'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

test('bytes that are no HTTP behind a call that runs are refused when it has its answer', async t => {
  const running = Promise.withResolvers<Arrived>()
  const { port, broken } = await listening(t, { handle: running.resolve })
  const { socket, all } = await raw(port, WHOLE)
  const { caller } = await running.promise
  caller.onGone(() => assert.fail('it did not leave'))
  caller.begin(200, { 'content-type': 'text/event-stream' })
  caller.write('data: 1\n\n')
  await once(socket, 'data')
  socket.write('no HTTP\r\n\r\n')
  caller.write('data: 2\n\n')
  caller.end()
  assert.match(await all, /data: 1\n\n[^]*data: 2\n\n\r\n0\r\n\r\nHTTP\/1\.1 400 [^]*\r\n\r\n$/)
  assert.deepEqual(broken, ['malformed'])
})

test('what stands behind a request that was to be the last is not looked at, and the request is answered', async t => {
  const running = Promise.withResolvers<Arrived>()
  const { port, arrived, broken } = await listening(t, { handle: running.resolve })
  const last = 'GET /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'
  const { socket, all } = await raw(port, last + WHOLE)
  const { caller } = await running.promise
  socket.write(WHOLE)
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(caller.isGone, false)
  caller.send(405, {}, 'no')
  assert.match(await all, /^HTTP\/1\.1 405 [^]*\r\n\r\nno$/)
  assert.deepEqual([arrived.length, broken], [1, []])
})

test('an answer that was given is not lost over bytes behind it that are no HTTP', async t => {
  const { port, refused, arrived } = await listening(t)
  for (const first of [
    'OPTIONS /mcp HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'OPTIONS /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET /mcp HTTP/1.0\r\n\r\n',
    WHOLE.replace('host: localhost', 'host: elsewhere'),
  ]) {
    const { all } = await raw(port, `${first}no HTTP\r\n\r\n`)
    assert.match(await all, /^HTTP\/1\.1 [45]/, first)
  }
  assert.deepEqual([refused.length, arrived.length], [4, 0])
})

test('a call is answered although what is pipelined behind it is refused', async t => {
  const { port, arrived } = await listening(t)
  const { all } = await raw(
    port,
    `${WHOLE}OPTIONS /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  )
  assert.match(await all, /^HTTP\/1\.1 200 [^]*taken[^]*HTTP\/1\.1 405 /)
  assert.equal(arrived.length, 1)
})

test('whoever asks for a tunnel is told that there is none', async t => {
  const { port, broken } = await listening(t)
  const { all } = await raw(port, `CONNECT tools:80 HTTP/1.1\r\nhost: localhost\r\n\r\n${WHOLE}`)
  const answer = await all
  assert.match(answer, /^HTTP\/1\.1 405 [^]*connection: close\r\n/)
  assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1)
  assert.deepEqual(broken, ['tunnel'])
})

test('whoever asks for a tunnel and breaks off breaks nothing else', async t => {
  const { port, ask } = await listening(t)
  for (let round = 0; round < 20; round += 1) {
    const { socket } = await raw(
      port,
      `CONNECT tools:80 HTTP/1.1\r\nhost: localhost\r\n\r\n${WHOLE}`,
    )
    if (round % 2 === 0) await once(socket, 'data')
    socket.resetAndDestroy()
    assert.equal(await ask('/mcp', post('{}')), '200 taken')
  }
})

test('a caller who resets its connection has left, which is no broken request', async t => {
  const running = Promise.withResolvers<Arrived>()
  const { port, broken } = await listening(t, { handle: running.resolve })
  const { socket } = await raw(port, WHOLE)
  const { caller } = await running.promise
  const gone = new Promise<void>(resolve => caller.onGone(resolve))
  socket.resetAndDestroy()
  await gone
  assert.deepEqual(broken, [])
})

test('a connection on top of as many as there may be is closed at once, and noted', async t => {
  const { port, dropped } = await listening(t, { maxConnections: 1 })
  const kept = await raw(port, '')
  const { all } = await raw(port, '')
  assert.equal(await all, '')
  assert.equal(dropped(), 1)
  kept.socket.destroy()
})

test('a connection on which nothing more is asked is reset, whatever of an answer was not read', async t => {
  const { port } = await listening(t, { keepAliveMs: 1 })
  const { socket, all } = await raw(port, WHOLE)
  const [error] = await once(socket, 'error').catch((caught: unknown) => [caught])
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  assert.match(await all, /^HTTP\/1\.1 200 [^]*taken$/)
})

test('one address gets no more connections than its share, and a place again when one closes', async t => {
  const { port, dropped, ask } = await listening(t, { maxConnectionsPerAddress: 1 })
  const kept = await raw(port, '')
  const { all } = await raw(port, '')
  assert.equal(await all, '')
  assert.equal(dropped(), 1)
  kept.socket.destroy()
  await kept.all
  await until('a place', async () => {
    const answer = await ask('/mcp', post('{}')).catch(() => undefined)
    return answer === '200 taken'
  })
})

const AMBIGUOUS = 'POST /mcp HTTP/1.1\r\nhost: localhost\r\nhost: other\r\ncontent-length: 2\r\n'

test('what is pipelined behind a refusal that ends the connection is not looked at', async t => {
  const { port, arrived, refused } = await listening(t)
  for (const first of [
    `${AMBIGUOUS}content-type: application/json\r\n\r\n{}`,
    `${WHOLE.replace('content-length: 2', 'content-length: 2000')}${'x'.repeat(1_998)}`,
  ]) {
    const { all } = await raw(port, first + WHOLE + WHOLE)
    const answer = await all
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, answer)
    assert.match(answer, /connection: close/i)
  }
  assert.deepEqual(arrived, [])
  assert.equal(refused.length, 2)
})

test('the answer to a body that is too large arrives although the body was not read', async t => {
  const { port } = await listening(t)
  const { socket, all } = await raw(
    port,
    WHOLE.replace('content-length: 2', 'content-length: 9000000'),
  )
  socket.on('error', () => undefined) // the rest of the body finds no reader
  for (let sent = 0; sent < 9_000_000 && socket.writable; sent += 1_000_000)
    socket.write(Buffer.alloc(1_000_000, ' '))
  assert.match(await all, /^HTTP\/1\.1 413 /)
})

test('a body whose beginning is refused is answered before the rest has come, and the connection ends', async t => {
  const { port, arrived, refused } = await listening(t, {
    maxBodyBytes: 1_000_000,
    misreadBeginning: () => ({ code: 'RINGMAIN_EXCESSIVE_JSON', says: 'Too deep.' }),
  })
  const { socket, all } = await raw(
    port,
    WHOLE.replace('content-length: 2', 'content-length: 900000'),
  )
  socket.write(Buffer.alloc(200_000, '['))
  const answer = await all
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.match(answer, /connection: close/i)
  assert.deepEqual([arrived.length, refused], [0, ['RINGMAIN_EXCESSIVE_JSON Too deep.']])
})

test('what is no HTTP is told so although it goes on and on', async t => {
  const { port } = await listening(t)
  for (let round = 0; round < 20; round += 1) {
    const { socket, all } = await raw(port, 'hello\r\n\r\n')
    socket.on('error', () => undefined) // nobody reads the rest
    for (let sent = 0; sent < 50 && socket.writable; sent += 1)
      socket.write(Buffer.alloc(65_536, 'x'))
    assert.match(await all, /^HTTP\/1\.1 400 /)
  }
})

test('a caller who leaves in the middle of its body never reaches the path', async t => {
  const { port, arrived, ask } = await listening(t)
  const { socket, all } = await raw(
    port,
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{',
  )
  socket.destroy()
  await all
  assert.equal(await ask('/mcp', post('{}')), '200 taken')
  assert.equal(arrived.length, 1)
})

test('while draining, what is on its way is refused and its connection closed; what runs is let finish', async t => {
  const running = Promise.withResolvers<Arrived>()
  const { listener, ask, port, refused } = await listening(t, { handle: running.resolve })
  const slow = ask('/mcp', post('{}'))
  const { caller } = await running.promise
  const kept = await raw(port, '')
  let isDrained = false
  const draining = listener.drain(50).then(() => {
    isDrained = true
  })
  kept.socket.write(
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  )
  const late = await kept.all
  assert.match(late, /^HTTP\/1\.1 503 /)
  assert.match(late, /connection: close/i)
  assert.deepEqual(refused, ['RINGMAIN_DRAINING'])
  assert.equal(isDrained, false)
  caller.send(200, {}, 'finished')
  assert.match(await slow, /^200 finished/)
  await draining
  await assert.rejects(raw(port, ''), /ECONNREFUSED/)
})

test('closing breaks what is left', async t => {
  const arrived = Promise.withResolvers<Arrived>()
  const { listener, ask } = await listening(t, { handle: arrived.resolve })
  const hanging = ask('/mcp', post('{}')).catch((error: unknown) => (error as Error).message)
  const { caller } = await arrived.promise
  const left = new Promise<void>(resolve => caller.onGone(() => resolve()))
  await listener.close()
  await left
  assert.match(await hanging, /socket hang up|ECONNRESET/)
})
