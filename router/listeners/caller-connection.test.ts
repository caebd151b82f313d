// One request at a time on a connection: what is sent on behind one waits for its answer, and does not fill the memory.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Arrived } from '#router/facts.ts'
import { callerLines } from '#test/support/caller-line.ts'
import { listening, raw } from '#test/support/listening.ts'
import { until } from '#test/support/until.ts'
import { MOST_REQUESTS } from './caller-connection.ts'

const CALL =
  'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
const AMBIGUOUS = 'GET //mcp HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** The first call takes until it is told to answer; the others are answered at once. */
async function slowFirst(t: Parameters<typeof listening>[0]) {
  const first = Promise.withResolvers<Arrived>()
  const ground = await listening(t, {
    handle: one => {
      if (ground.arrived.length === 1) first.resolve(one)
      else one.caller.send(200, {}, 'later')
    },
  })
  return { ...ground, first: first.promise }
}

const statuses = (answers: string): readonly string[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)

test('a refusal that waits for a running call comes after its answer when nothing follows', async t => {
  const { port, first } = await slowFirst(t)
  const { all } = await raw(port, CALL + AMBIGUOUS)
  const { caller } = await first
  caller.send(200, {}, 'first')
  const answers = await all
  assert.deepEqual(statuses(answers), ['200', '400'])
})

test('what is sent on behind a call that runs is not looked at before its answer, and answered in its order', async t => {
  const { port, first, arrived } = await slowFirst(t)
  const { all } = await raw(
    port,
    CALL.repeat(99) + CALL.replace('\r\n', '\r\nconnection: close\r\n'),
  )
  const { caller } = await first
  assert.equal(arrived.length, 1)
  caller.send(200, {}, 'first')
  const answers = await all
  assert.deepEqual(statuses(answers), Array(100).fill('200'))
  assert.ok(answers.indexOf('first') < answers.indexOf('later'))
  assert.equal(arrived.length, 100)
})

test('who sends on and on behind a call that runs is not read on, and all of it is served in the end', async t => {
  const { port, first, arrived } = await slowFirst(t)
  const { socket, all } = await raw(port, CALL)
  socket.on('error', () => undefined)
  const { caller } = await first
  const behind = CALL.replace('content-length: 2', 'content-length: 900').replace(
    '{}',
    ' '.repeat(900),
  )
  const most = MOST_REQUESTS - 1
  let sent = 0
  let rounds = 0
  // Until neither kernel takes any more.
  while (rounds < 200 && sent < most) {
    rounds += 1
    if (socket.writableLength === 0) {
      socket.write(behind)
      sent += 1
    } else await new Promise(resolve => setImmediate(resolve))
  }
  assert.equal(arrived.length, 1)
  caller.send(200, {}, 'first')
  await until('all to be served', () => arrived.length === sent + 1)
  socket.end()
  assert.deepEqual(statuses(await all), Array(sent + 1).fill('200'))
})

test('a caller who leaves while its call runs is noticed, whatever it has sent behind it', async t => {
  const { port, first, arrived } = await slowFirst(t)
  const { socket } = await raw(port, CALL + CALL)
  const { caller } = await first
  const gone = new Promise<void>(resolve => caller.onGone(resolve))
  socket.destroy()
  await gone
  assert.equal(arrived.length, 1)
})

const IN_PIECES = [
  CALL,
  `\r\n${CALL}`,
  CALL.replace(
    'content-length: 2\r\n\r\n{}',
    'transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n',
  ),
]

test('a request is the same wherever it is split', async t => {
  const { port, arrived } = await listening(t)
  for (const text of IN_PIECES) {
    const { socket, all } = await raw(port, '')
    socket.setNoDelay(true)
    for (let at = 1; at < text.length; at += 1) {
      const before = arrived.length
      const answered = new Promise(resolve => socket.once('data', resolve))
      socket.write(text.slice(0, at))
      await new Promise(resolve => setImmediate(resolve))
      socket.write(text.slice(at))
      await answered
      assert.equal(arrived.length, before + 1, `split at ${at}`)
      assert.equal(arrived.at(-1)?.body.toString(), '{}')
    }
    socket.end()
    await all
  }
})

test('turns come free again: many may be sent one after another, a few at a time', async t => {
  const { port, arrived } = await listening(t)
  const { socket, all } = await raw(port, '')
  let answered = 0
  const isDone = new Promise<void>(resolve =>
    socket.on('data', (chunk: Buffer) => {
      const before = answered
      answered += statuses(chunk.toString()).length
      for (let n = before; n < answered; n += 1) if (n < 90) socket.write(CALL)
      if (answered === 100) resolve()
    }),
  )
  socket.write(CALL.repeat(10))
  await isDone
  assert.equal(arrived.length, 100)
  socket.end()
  await all
})

test('a connection is good for so many requests, and ends with the last, whatever is behind it', async t => {
  const { port, arrived } = await listening(t)
  const { socket, all } = await raw(port, CALL.repeat(10))
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    if (socket.writable) socket.write(CALL.repeat(statuses(chunk.toString()).length))
  })
  const answers = await all
  assert.equal(arrived.length, MOST_REQUESTS)
  assert.deepEqual(statuses(answers), Array(MOST_REQUESTS).fill('200'))
  assert.equal(answers.match(/connection: close/gi)?.length, 1)
})

test('what stands behind the answer to a caller who has ended its side is not begun', async t => {
  const { port, next } = await callerLines(t)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.write(CALL + CALL)
  const { caller, connection } = await next()
  caller.send(200, {}, Buffer.alloc(32_000_000)) // more than both kernels hold
  const ended = once(connection, 'end')
  socket.end()
  await ended
  let isBegun = false
  void next().then(() => (isBegun = true))
  const closed = once(connection, 'close')
  socket.resume()
  await closed
  assert.equal(isBegun, false)
})

test('empty lines without end keep no connection', async t => {
  const { port, broken } = await listening(t)
  const { all } = await raw(port, '\r\n'.repeat(5))
  assert.match(await all, /^HTTP\/1\.1 400 /)
  assert.deepEqual(broken, ['malformed'])
  const { all: few } = await raw(
    port,
    `\r\n\r\n${CALL}\r\n\r\n\r\n${CALL.replace('\r\n', '\r\nconnection: close\r\n')}`,
  )
  assert.deepEqual(statuses(await few), ['200', '200'])
})

test('the last answer on a connection is not lost over what its caller sends after it', async t => {
  const { port, next } = await callerLines(t, { mayStay: false })
  const socket = connect(port, '127.0.0.1') // reads nothing yet
  t.after(() => socket.destroy())
  socket.write(CALL)
  const { caller, connection } = await next()
  const finished = once(connection, 'finish')
  caller.send(200, {}, Buffer.alloc(1_000_000))
  await finished
  for (let turns = 0; turns < 5; turns += 1) await new Promise(resolve => setImmediate(resolve))
  socket.write('\r\n')
  const closed = once(connection, 'close')
  assert.ok(Buffer.concat(await socket.toArray()).length > 1_000_000)
  await closed
})

test('a caller who never ends its side of a connection that is over does not keep it', async t => {
  let nowMs = 0
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { port, next } = await callerLines(t, { mayStay: false, nowMs: () => nowMs })
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.write(CALL)
  const { caller, connection } = await next()
  const finished = once(connection, 'finish')
  caller.send(200, {}, 'last')
  await finished
  assert.equal(connection.destroyed, false)
  nowMs += 1_020
  t.mock.timers.tick(1_020)
  assert.equal(connection.destroyed, true)
})

test('who was refused and neither reads nor ends its side is closed after its last second, by the one clock of its connection', async t => {
  let nowMs = 0
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const { port, opened } = await callerLines(t, { nowMs: () => nowMs })
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined) // what it sent on is not read
  t.after(() => socket.destroy())
  socket.write('no HTTP\r\n\r\n')
  const connection = await opened
  await once(connection, 'finish')
  socket.write('and more')
  nowMs += 900
  t.mock.timers.tick(900)
  assert.equal(connection.destroyed, false)
  nowMs += 120
  t.mock.timers.tick(120)
  assert.equal(connection.destroyed, true)
})
