// A caller who does not read: what waits for it is cut in time, however small the answers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type CallerLines, callerLines } from '#test/support/caller-line.ts'
import type { HttpCaller } from './http-caller.ts'
import { takenBy } from './taken.ts'

const DRAIN_MS = 30_000
const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const MIB = 1_048_576
let nowMs = 0

interface Ground extends CallerLines {
  readonly client: Socket
}

/** The timers are the test's; the client reads nothing before it is told to. */
async function ground(t: TestContext): Promise<Ground> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines = await callerLines(t, { drainMs: DRAIN_MS, nowMs: () => nowMs })
  const client = connect(lines.port, '127.0.0.1')
  client.on('error', () => undefined) // what is cut is reset
  t.after(() => client.destroy())
  return { ...lines, client }
}

/** Fills the connection until the kernel takes no more. */
async function fill({ client, next }: Ground, answer: (caller: HttpCaller) => void) {
  for (;;) {
    client.write(REQUEST)
    const exchange = await next()
    answer(exchange.caller)
    if (exchange.connection.writableLength > 0) return exchange
  }
}

test('a caller who reads none of many small answers is cut', async t => {
  for (const body of ['x'.repeat(15_000), Buffer.alloc(15_000), ''])
    await t.test(`${typeof body} of ${body.length}`, async one => {
      const here = await ground(one)
      const headers = { 'x-long': 'y'.repeat(body.length === 0 ? 15_000 : 1) }
      const { caller, connection } = await fill(here, each => each.send(200, headers, body))
      let isTold = false
      caller.onGone(() => (isTold = true))
      pass(one, DRAIN_MS - 1)
      assert.equal(connection.destroyed, false)
      pass(one, 1)
      assert.equal(connection.destroyed, true)
      await once(connection, 'close')
      assert.equal(isTold, true)
    })
})

test('a caller who reads none of a stream that ended is cut, and so is one who dismissed it', async t => {
  for (const end of ['end', 'dismiss'] as const)
    await t.test(end, async one => {
      const here = await ground(one)
      const { connection } = await fill(here, caller => {
        caller.begin(200, { 'content-type': 'text/event-stream' })
        caller.write('x'.repeat(15_000))
        caller[end]()
      })
      pass(one, DRAIN_MS)
      assert.equal(connection.destroyed, true)
    })
})

test('what the kernel holds for a caller who is cut for not reading goes with the connection', async t => {
  const here = await ground(t)
  const { connection } = await fill(here, caller => caller.send(200, {}, Buffer.alloc(64 * MIB)))
  pass(t, DRAIN_MS)
  assert.equal(connection.destroyed, true)
  here.client.resume()
  const [error] = (await once(here.client, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})

test('no timer is left behind when an answer was taken at once', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection } = await here.next()
  caller.send(200, {}, 'small')
  pass(t, 2 * DRAIN_MS)
  assert.equal(connection.destroyed, false)
})

test('a caller who takes a little now and then is cut when it has kept us waiting for as long as it may', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection } = await here.next()
  caller.begin(200, {})
  while (connection.writableLength === 0) caller.write(Buffer.alloc(MIB))
  for (let times = 1; times <= 3; times += 1) {
    caller.onWritable(() => undefined)
    pass(t, DRAIN_MS / 4)
    connection.emit('drain')
    pass(t, DRAIN_MS) // nothing waits, and nobody is kept waiting
  }
  caller.onWritable(() => assert.fail('it did not take the rest'))
  pass(t, DRAIN_MS / 4 - 1)
  assert.equal(connection.destroyed, false)
  pass(t, 1)
  assert.equal(connection.destroyed, true)
})

test('a caller who takes much has the whole time again', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection } = await here.next()
  here.client.resume()
  caller.begin(200, {})
  for (let times = 1; times <= 5; times += 1) {
    assert.equal(caller.write(Buffer.alloc(MIB)), false)
    caller.onWritable(() => undefined)
    pass(t, DRAIN_MS / 2)
    await once(connection, 'drain')
  }
  assert.equal(connection.destroyed, false)
})

test('a caller who reads a large answer steadily gets all of it, and is cut when it stops', async t => {
  const here = await ground(t)
  const { client, next } = here
  client.write(REQUEST)
  const { caller, connection } = await next()
  caller.send(200, {}, Buffer.alloc(96 * MIB))
  for (let times = 1; times <= 3; times += 1) {
    await readMore(client, 20 * MIB) // more than both kernels hold
    pass(t, DRAIN_MS)
    assert.equal(connection.destroyed, false, `after ${times} times`)
  }
  await settled(connection)
  pass(t, DRAIN_MS + DRAIN_MS / 10) // the kernel may have taken some for it meanwhile
  assert.equal(connection.destroyed, true)
})

test('a caller who stops early in its time has that time again from there, and not from its end', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection } = await here.next()
  caller.send(200, {}, Buffer.alloc(96 * MIB))
  await readMore(here.client, 20 * MIB)
  await settled(connection)
  pass(t, DRAIN_MS / 10)
  await settled(connection)
  pass(t, DRAIN_MS - 1)
  assert.equal(connection.destroyed, false)
  pass(t, 1)
  assert.equal(connection.destroyed, true)
})

async function readMore(client: Socket, bytes: number): Promise<void> {
  let read = 0
  await new Promise<void>(resolve => {
    const take = (chunk: Buffer): void => {
      read += chunk.length
      if (read < bytes) return
      client.off('data', take)
      client.pause()
      resolve()
    }
    client.on('data', take)
    client.resume()
  })
}

test('a caller who ends its side and reads nothing does not keep its connection, however little waits', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection } = await here.next()
  caller.begin(200, {})
  for (let turns = 0; turns < 20; turns += 1) {
    if (connection.writableLength === 0) turns = 0 // the other kernel has taken some
    while (connection.writableLength === 0) assert.equal(caller.write('x'.repeat(10_000)), true)
    await new Promise(resolve => setImmediate(resolve))
  }
  const ended = once(connection, 'end')
  here.client.end()
  await ended
  assert.equal(caller.isGone, true)
  await settled(connection)
  pass(t, DRAIN_MS + DRAIN_MS / 10)
  assert.equal(connection.destroyed, true)
})

/** The clock and the timers go on together. */
function pass(t: TestContext, ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    nowMs += Math.min(left, 100)
    t.mock.timers.tick(Math.min(left, 100))
  }
}

/** Neither kernel takes any more for one who does not read. */
async function settled(connection: Socket): Promise<void> {
  let before = -1
  for (let turns = 0; turns < 20; turns += 1) {
    const now = takenBy(connection)
    if (now !== before) turns = 0
    before = now
    await new Promise(resolve => setImmediate(resolve))
  }
}
