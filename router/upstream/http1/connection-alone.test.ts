// One connection on a socket that the test holds both ends of, in time that the test moves: each limit, each end, and what is heard once.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { loneConnection } from '#test/support/lone-connection.ts'
import { answer } from '#test/support/raw-replica.ts'

/** Long enough for whatever follows the end of a socket. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn()
}

const OK = answer('ok')
const BEGUN = answer('whole').slice(0, -1)

test('a socket that comes after its connection was given up is closed', t => {
  const { connection, socket, told } = loneConnection(t)
  const failed: Error[] = []
  const handler = { onFailed: (error: Error) => void failed.push(error) }
  connection.await({} as never, handler as never)
  connection.destroy()
  connection.open(socket as unknown as Socket)
  assert.deepEqual([socket.destroyed, failed.length, told], [true, 1, ['closed']])
})

test('a connection that is given up while nothing is under way on it is closed', async t => {
  const { connection, socket, told, begin, say } = loneConnection(t)
  begin()
  say(OK)
  connection.destroy()
  assert.equal(socket.destroyed, true)
  await turns()
  assert.deepEqual(told, ['idle', 'closed'])
})

test('what goes wrong with a socket is told as it is, once', async t => {
  const { socket, told, begin } = loneConnection(t)
  const { heard } = begin()
  socket.destroy(Object.assign(new Error('planted'), { code: 'EPLANTED' }))
  await turns()
  assert.deepEqual([heard, told], [['EPLANTED'], ['closed']])
})

test('a socket that closes without a word has closed early', async t => {
  const { socket, begin } = loneConnection(t)
  const { heard } = begin()
  socket.destroy()
  await turns()
  assert.deepEqual(heard, ['CLOSED_EARLY'])
})

test('a replica that ends and takes nothing more of a request has closed early', async t => {
  const { socket, begin } = loneConnection(t, false)
  const { heard } = begin()
  socket.push(null)
  socket.resume()
  await turns()
  assert.deepEqual([heard, socket.destroyed], [['CLOSED_EARLY'], true])
})

test('an answer that ends with its connection has one end, and that connection is closed by then', async t => {
  const { connection, socket, told, begin, say } = loneConnection(t)
  const { heard } = begin()
  say('HTTP/1.1 200 OK\r\n\r\nwhole')
  socket.push(null)
  socket.resume()
  await turns()
  assert.deepEqual(heard, ['head 200', 'whole', 'end'])
  assert.deepEqual([told, connection.isClosed, socket.destroyed], [['closed'], true, true])
})

test('after an abort nothing is heard, and nothing of it waits for its moment', async t => {
  const { wheel, told, begin, say } = loneConnection(t)
  const { heard, control } = begin({ idleMs: 100 })
  say(BEGUN)
  const before = heard.length
  control().abort()
  assert.equal(wheel.size, 0)
  await turns()
  assert.deepEqual([heard.length, told], [before, ['closed']])
})

test('an answer to no question closes a connection that nobody has asked anything on yet', t => {
  const { socket, told, begin, say } = loneConnection(t)
  begin({}, false)
  assert.deepEqual(told, ['idle'])
  say(OK)
  assert.deepEqual([told, socket.destroyed], [['idle', 'closed'], true])
})

test('a listener that breaks is a defect of ours, and no fault of the replica', t => {
  const { begin, say } = loneConnection(t)
  const handler = begin()
  handler.onHead = () => {
    throw new TypeError('planted')
  }
  assert.throws(() => say(OK), /^TypeError: planted$/)
  assert.deepEqual(handler.heard, [])
})

test('a second answer of which the head came in part is not whole', t => {
  const { told, begin, next, say } = loneConnection(t)
  begin()
  say(OK)
  const { heard } = next()
  say(OK.slice(0, 20))
  assert.deepEqual([heard, told], [[], ['idle']])
  say(OK.slice(20))
  assert.deepEqual(heard, ['head 200', 'ok', 'end'])
})

test('a limit of none holds no request to that of the one before', t => {
  const { begin, next, say, pass } = loneConnection(t)
  begin({ firstByteMs: 50, idleMs: 50 })
  say(OK)
  const { heard } = next()
  pass(10_000)
  say(BEGUN)
  pass(10_000)
  assert.deepEqual(heard, ['head 200', 'whol'])
})

test('a part of a head gives no more time for the rest of it', t => {
  const { begin, say, pass } = loneConnection(t)
  const { heard } = begin({ firstByteMs: 60, idleMs: 1_000 })
  pass(50)
  say(BEGUN.slice(0, 10))
  pass(20)
  assert.deepEqual(heard, ['FIRST_BYTE_TIMEOUT'])
})

test('with the head the limit for it is over, though there is none for what follows', t => {
  const { begin, say, pass } = loneConnection(t)
  const { heard } = begin({ firstByteMs: 60 })
  say(BEGUN)
  pass(200)
  assert.deepEqual(heard, ['head 200', 'whol'])
})

test('each piece gives the whole time to the next', t => {
  const { begin, say, pass } = loneConnection(t)
  const { heard } = begin({ idleMs: 50 })
  say(BEGUN.slice(0, -4))
  for (const letter of 'who') {
    pass(40)
    say(letter)
  }
  pass(40)
  assert.deepEqual(heard, ['head 200', 'w', 'h', 'o'])
  pass(30)
  assert.equal(heard.at(-1), 'IDLE_TIMEOUT')
})

test('a reader that waited and reads again waits no longer than the limit', t => {
  const { begin, say, pass } = loneConnection(t)
  const { heard, control } = begin({ idleMs: 50 })
  say(BEGUN)
  control().pause()
  pass(500)
  control().resume()
  pass(100)
  assert.equal(heard.at(-1), 'IDLE_TIMEOUT')
})

test('when something is expected again it has the whole limit, at whatever moment', t => {
  for (let restMs = 10; restMs <= 120; restMs += 10) {
    const { begin, say, pass } = loneConnection(t)
    const { heard, control } = begin({ idleMs: 100 })
    say(BEGUN)
    control().rest(true)
    pass(restMs)
    control().rest(false)
    pass(90)
    assert.equal(heard.length, 2, `${restMs} ms`)
    pass(30)
    assert.equal(heard.at(-1), 'IDLE_TIMEOUT', `${restMs} ms`)
    t.mock.timers.reset()
  }
})

test('who did not rest is given no other limit by waking up', t => {
  const { begin, pass } = loneConnection(t)
  const { heard, control } = begin({ firstByteMs: 60, idleMs: 1_000 })
  control().rest(false)
  pass(80)
  assert.deepEqual(heard, ['FIRST_BYTE_TIMEOUT'])
})

test('that nothing was expected of one answer is not said of the next', t => {
  const { begin, next, say, pass } = loneConnection(t)
  const { control } = begin({ idleMs: 50 })
  say(BEGUN)
  control().rest(true)
  say('e')
  const { heard } = next({ idleMs: 50 })
  say(BEGUN)
  pass(70)
  assert.equal(heard.at(-1), 'IDLE_TIMEOUT')
})

test('a connection is kept for what is left since something of its answer first waited', async t => {
  const { connection, told, begin, say, pass } = loneConnection(t)
  const { control } = begin()
  say(BEGUN)
  control().pause()
  control().resume()
  pass(3_000)
  control().pause()
  control().resume()
  say('e')
  await turns()
  assert.deepEqual(told, ['idle'])
  pass(980)
  assert.equal(connection.isClosed, false)
  pass(40)
  assert.equal(connection.isClosed, true)
})

test('that one answer waited here takes nothing from the time after the next', async t => {
  const { connection, begin, next, say, pass } = loneConnection(t)
  const { control } = begin()
  say(BEGUN)
  control().pause()
  control().resume()
  say('e')
  await turns()
  pass(3_000)
  next()
  say(OK)
  pass(3_900)
  assert.equal(connection.isClosed, false)
})

test('a connection that closed before it could be offered again is not offered', async t => {
  const { connection, told, begin, say } = loneConnection(t)
  const { control } = begin()
  say(BEGUN)
  control().pause()
  control().resume()
  say('e')
  connection.destroy()
  await turns()
  assert.deepEqual(told, ['closed'])
})

test('nothing is read for a reader that waits', t => {
  const { socket, begin, say } = loneConnection(t)
  const { control } = begin()
  say(BEGUN)
  control().pause()
  assert.equal(socket.isPaused(), true)
  control().resume()
  assert.equal(socket.isPaused(), false)
})
