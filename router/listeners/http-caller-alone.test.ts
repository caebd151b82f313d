// The caller's side of an exchange on a socket that the test makes up: each byte that is written, what of it the kernel has taken, and
// what is left behind when the line ends.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { DateLine } from './answer-head.ts'
import { HttpCaller } from './http-caller.ts'

const DRAIN_MS = 30_000

function ground(t: TestContext, { isBodiless = false, isDestroyed = false } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 1_000
  const onTaken: (() => void)[] = []
  const drained: (() => void)[] = []
  const socket = {
    destroyed: isDestroyed,
    writableLength: 0,
    resets: 0,
    written: '',
    _handle: { bytesWritten: 0, writeQueueSize: 0 },
    write(bytes: Buffer | string, done?: unknown): boolean {
      socket.written += typeof bytes === 'string' ? bytes : bytes.toString('latin1')
      if (typeof done === 'function') onTaken.push(done as () => void)
      return socket.writableLength === 0
    },
    cork: () => undefined,
    uncork: () => undefined,
    once: (_drain: string, listener: () => void) => void drained.push(listener),
    destroy: () => void (socket.destroyed = true),
    resetAndDestroy: () => {
      socket.resets += 1
      socket.destroyed = true
    },
  }
  let answered = 0
  const caller = new HttpCaller(
    {
      socket: socket as unknown as Socket,
      isBodiless,
      staysAfterThis: () => true,
      answered: () => void (answered += 1),
    },
    { drainMs: DRAIN_MS, nowMs: () => nowMs, date: new DateLine(() => 1_000) },
  )
  return {
    caller,
    socket,
    answered: () => answered,
    /** What follows the head. */
    body: () => socket.written.slice(socket.written.indexOf('\r\n\r\n') + 4),
    /** The kernel has the rest. */
    takeAll: () => {
      socket.writableLength = 0
      for (const done of onTaken.splice(0)) done()
      for (const listener of drained.splice(0)) listener()
    },
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        nowMs += 100
        t.mock.timers.tick(100)
      }
    },
  }
}

test('a caller whose connection is gone already is gone', t => {
  const { caller, socket } = ground(t, { isDestroyed: true })
  let isTold = false
  caller.onGone(() => (isTold = true))
  caller.send(200, {}, 'x')
  assert.deepEqual([caller.isGone, isTold, socket.written], [true, true, ''])
})

test('a 204 says no length, and any other answer does', t => {
  for (const [status, says] of [
    [204, false],
    [202, true],
  ] as const) {
    const { caller, socket } = ground(t)
    caller.send(status, {})
    assert.equal(socket.written.includes('content-length'), says)
    t.mock.timers.reset()
  }
})

test('no byte follows the head of what was asked for by its head alone', t => {
  const whole = ground(t, { isBodiless: true })
  whole.caller.send(200, {}, 'not for you')
  assert.match(whole.socket.written, /content-length: 11\r\n/)
  assert.equal(whole.body(), '')
  t.mock.timers.reset()
  const stream = ground(t, { isBodiless: true })
  stream.caller.begin(200, {})
  stream.caller.write('not for you')
  stream.caller.end()
  assert.deepEqual([stream.body(), stream.answered()], ['', 1])
})

test('a stream has one last chunk, at its end, and no byte behind it', t => {
  const { caller, body, answered } = ground(t)
  caller.begin(200, {})
  caller.write('')
  caller.write('a')
  caller.end()
  caller.write('late')
  caller.end()
  caller.dismiss()
  assert.deepEqual([body(), answered()], ['1\r\na\r\n0\r\n\r\n', 1])
})

test('a caller who is cut is gone at once, and is not told of it', t => {
  const { caller, socket } = ground(t)
  caller.onGone(() => assert.fail('it is told'))
  caller.begin(200, {})
  caller.cut()
  assert.deepEqual([caller.isGone, socket.destroyed], [true, true])
  caller.lineEnded(true)
})

test('a stream that its caller has left half-way is not made to look whole, and its end is told once', t => {
  const { caller, socket, body } = ground(t)
  let times = 0
  caller.onGone(() => (times += 1))
  caller.begin(200, {})
  caller.lineEnded(false)
  caller.end()
  caller.dismiss()
  assert.deepEqual([times, body(), socket.destroyed], [1, '', false])
  caller.lineEnded(true)
  assert.equal(times, 1)
})

test('a caller who ends its side while its whole answer is on its way has not left', t => {
  const { caller, socket, answered, takeAll } = ground(t)
  socket.writableLength = 100
  caller.send(200, {}, 'whole')
  caller.lineEnded(false)
  assert.deepEqual([caller.isGone, answered()], [false, 0])
  takeAll()
  assert.equal(answered(), 1)
})

test('a caller whose connection closes before it had its whole answer has left', t => {
  const { caller, socket, answered, takeAll } = ground(t)
  socket.writableLength = 100
  caller.send(200, {}, 'whole')
  socket.destroyed = true
  caller.lineEnded(true)
  takeAll()
  assert.deepEqual([caller.isGone, answered()], [true, 0])
})

test('nobody waits for a connection that is closed', t => {
  const { caller, socket, pass } = ground(t)
  caller.begin(200, {})
  socket.writableLength = 100
  caller.onWritable(() => undefined)
  socket.destroyed = true
  caller.lineEnded(true)
  pass(2 * DRAIN_MS)
  assert.equal(socket.resets, 0)
})

test('nobody waits for a caller for whom nothing waits', t => {
  const { caller, socket, pass } = ground(t)
  caller.begin(200, {})
  caller.onWritable(() => undefined)
  pass(2 * DRAIN_MS)
  assert.equal(socket.resets, 0)
})

test('nobody waits any more when all of an answer was taken', t => {
  for (const isWaitedFor of [false, true]) {
    const { caller, socket, answered, takeAll, pass } = ground(t)
    caller.begin(200, {})
    socket.writableLength = 100
    if (isWaitedFor) caller.onWritable(() => undefined)
    caller.end()
    assert.equal(answered(), 0)
    pass(DRAIN_MS / 2)
    takeAll()
    assert.equal(answered(), 1)
    pass(4 * DRAIN_MS)
    assert.equal(socket.resets, 0)
    t.mock.timers.reset()
  }
})

test('its time begins anew with so much that a caller has taken, and with less it does not', t => {
  for (const [inAllOfIt, resets] of [
    [262_000, 1],
    [262_200, 0],
  ] as const) {
    const { caller, socket, pass } = ground(t)
    caller.begin(200, {})
    socket.writableLength = 100
    caller.onWritable(() => undefined)
    for (let looks = 0; looks < 10; looks += 1) {
      socket._handle.bytesWritten += inAllOfIt / 10
      pass(DRAIN_MS / 10)
    }
    assert.equal(socket.resets, resets, `${inAllOfIt}`)
    pass(DRAIN_MS)
    assert.equal(socket.resets, 1, 'it took no more')
    t.mock.timers.reset()
  }
})
