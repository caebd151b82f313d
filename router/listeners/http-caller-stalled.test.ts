// A caller who does not read: what waits for it is cut in time, however small the answers; what waits for its turn is not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { HttpCaller } from './http-caller.ts'

const DRAIN_MS = 30_000
const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const MIB = 1_048_576
let nowMs = 0
const LIMITS = { mayStay: () => true, drainMs: DRAIN_MS, nowMs: () => nowMs }

interface Exchange {
  readonly caller: HttpCaller
  readonly connection: Socket
  readonly response: ServerResponse
}

interface Ground {
  readonly client: Socket
  /** One for each request, as they come. */
  readonly next: () => Promise<Exchange>
  /** Everything that the client reads until the connection ends. */
  readonly read: () => Promise<string>
}

/** The timers are the test's; the client reads nothing before it is told to. */
async function ground(t: TestContext): Promise<Ground> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const come: Exchange[] = []
  let isAwaited: (() => void) | undefined
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    come.push({
      caller: new HttpCaller(request, response, LIMITS),
      connection: request.socket,
      response,
    })
    isAwaited?.()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined) // what is cut is reset
  t.after(() => {
    client.destroy()
    server.close()
    server.closeAllConnections()
  })
  return {
    client,
    next: async () => {
      if (come.length === 0) await new Promise<void>(resolve => (isAwaited = resolve))
      return come.shift() as Exchange
    },
    read: () => {
      const chunks: Buffer[] = []
      client.on('data', (chunk: Buffer) => void chunks.push(chunk))
      return new Promise(resolve =>
        client.once('close', () => resolve(Buffer.concat(chunks).toString('latin1'))),
      )
    },
  }
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
      one.mock.timers.tick(DRAIN_MS - 1)
      assert.equal(connection.destroyed, false)
      one.mock.timers.tick(1)
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
      one.mock.timers.tick(DRAIN_MS)
      assert.equal(connection.destroyed, true)
    })
})

test('what the kernel holds for a caller who is cut for not reading goes with the connection', async t => {
  const here = await ground(t)
  const { connection } = await fill(here, caller => caller.send(200, {}, Buffer.alloc(64 * MIB)))
  t.mock.timers.tick(DRAIN_MS)
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
  t.mock.timers.tick(2 * DRAIN_MS)
  assert.equal(connection.destroyed, false)
})

test('an answer that waits for the one before it is not cut for that, and comes whole', async t => {
  const { client, next, read } = await ground(t)
  client.write(REQUEST + REQUEST.replace('\r\n', '\r\nconnection: close\r\n'))
  const [first, second] = [await next(), await next()]
  second.caller.onGone(() => assert.fail('it did not leave'))
  second.caller.send(200, {}, Buffer.alloc(8 * MIB, 'x'))
  t.mock.timers.tick(3 * DRAIN_MS)
  first.caller.send(200, {}, 'first')
  const text = await read()
  assert.ok(text.length > 8 * MIB && text.includes('first'), `${text.length} bytes`)
})

test('so is a stream that waits for the answer before it', async t => {
  const { client, next, read } = await ground(t)
  client.write(REQUEST + REQUEST.replace('\r\n', '\r\nconnection: close\r\n'))
  const [first, second] = [await next(), await next()]
  second.caller.begin(200, {})
  while (second.caller.write('x'.repeat(10_000)));
  second.caller.onWritable(() => second.caller.end())
  t.mock.timers.tick(3 * DRAIN_MS)
  first.caller.send(200, {}, 'first')
  assert.match(await read(), /first[^]*xxx\r\n0\r\n\r\n$/)
})

test('from its turn on it is cut like any other', async t => {
  const { client, next } = await ground(t)
  client.write(REQUEST + REQUEST)
  const [first, second] = [await next(), await next()]
  second.caller.send(200, {}, Buffer.alloc(64 * MIB))
  t.mock.timers.tick(3 * DRAIN_MS)
  first.caller.send(200, {}, 'first')
  await once(first.response, 'close')
  t.mock.timers.tick(DRAIN_MS)
  assert.equal(second.connection.destroyed, true)
})

test('an answer that is cut before its turn breaks the connection when its turn comes', async t => {
  const { client, next, read } = await ground(t)
  client.write(REQUEST + REQUEST)
  const [first, second] = [await next(), await next()]
  second.caller.begin(200, {})
  second.caller.write('half')
  second.caller.cut()
  assert.equal(second.connection.destroyed, false)
  first.caller.send(200, {}, 'first')
  const text = await read()
  assert.match(text, /first$/)
})

test('a caller who takes a little now and then is cut when it has kept us waiting for as long as it may', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection, response } = await here.next()
  caller.begin(200, {})
  for (let times = 1; times <= 3; times += 1) {
    caller.onWritable(() => undefined)
    nowMs += DRAIN_MS / 4
    t.mock.timers.tick(DRAIN_MS / 4)
    response.emit('drain')
    nowMs += DRAIN_MS // nothing waits, and nobody is kept waiting
    t.mock.timers.tick(DRAIN_MS)
  }
  caller.onWritable(() => assert.fail('it did not take the rest'))
  t.mock.timers.tick(DRAIN_MS / 4 - 1)
  assert.equal(connection.destroyed, false)
  t.mock.timers.tick(1)
  assert.equal(connection.destroyed, true)
})

test('a caller who takes much has the whole time again', async t => {
  const here = await ground(t)
  here.client.write(REQUEST)
  const { caller, connection, response } = await here.next()
  here.client.resume()
  caller.begin(200, {})
  for (let times = 1; times <= 5; times += 1) {
    assert.equal(caller.write(Buffer.alloc(MIB)), false)
    caller.onWritable(() => undefined)
    nowMs += DRAIN_MS / 2
    t.mock.timers.tick(DRAIN_MS / 2)
    await once(response, 'drain')
  }
  assert.equal(connection.destroyed, false)
})
