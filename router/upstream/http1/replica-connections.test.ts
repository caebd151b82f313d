// Connections to one replica over real sockets: which are kept and used again, which never, and that nothing is sent twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askReplica, fault, text } from '#test/support/ask-replica.ts'
import { answer, closing, connectionsTo, rawReplica } from '#test/support/raw-replica.ts'
import { until } from '#test/support/until.ts'

const OK = answer('ok')

test('requests one after the other share a connection, and each goes out in one write', async t => {
  const { port, sockets, said } = await rawReplica(t, socket => socket.write(OK))
  const way = connectionsTo(t, port)
  for (let time = 0; time < 3; time += 1)
    assert.equal(await text(askReplica(way, { method: 'POST', body: Buffer.from('{}') })), 'ok')
  assert.equal(sockets.length, 1)
  assert.equal(said.length, 3)
  for (const request of said) assert.match(request, /^POST \/ HTTP\/1\.1\r\n[^]*\r\n\r\n\{\}$/)
})

test('requests at once have a connection each, and the one used last is used next', async t => {
  const { port, sockets } = await rawReplica(t, (socket, connection) =>
    socket.write(answer(`${connection}`)),
  )
  const way = connectionsTo(t, port)
  assert.deepEqual(await Promise.all([text(askReplica(way)), text(askReplica(way))]), ['0', '1'])
  const last = await text(askReplica(way))
  assert.deepEqual(
    [await text(askReplica(way)), await text(askReplica(way)), sockets.length],
    [last, last, 2],
  )
})

test('a connection is given up at its limit, by its replica’s word or without one', async t => {
  let nowMs = 1_000
  const { port, sockets } = await rawReplica(t, socket =>
    socket.write(sockets.length === 1 ? answer('ok', 'keep-alive: timeout=30') : OK),
  )
  const way = connectionsTo(t, port, () => nowMs)
  await askReplica(way)
  nowMs += 27_999
  await askReplica(way)
  assert.equal(sockets.length, 1)
  nowMs += 28_000
  await askReplica(way)
  assert.equal(sockets.length, 2)
  nowMs += 4_000
  await askReplica(way)
  assert.equal(sockets.length, 3)
})

test('an idle connection is closed when its time is over, though nobody asks for it', async t => {
  let nowMs = 1_000
  const { port, sockets } = await rawReplica(t, socket => socket.write(OK))
  const way = connectionsTo(t, port, () => nowMs)
  await askReplica(way)
  const closed = closing(sockets[0] as (typeof sockets)[0])
  nowMs += 5_000
  await closed
  assert.equal(way.isIdle, true)
})

/** What a replica says to one request, after which its connection is used no more. */
const LAST: Readonly<Record<string, string>> = {
  'that it closes': answer('ok', 'connection: close'),
  'that it keeps it for no time': answer('ok', 'keep-alive: timeout=1'),
  'more than its answer': `${OK}x`,
  'two answers': OK + OK,
}
for (const [what, bytes] of Object.entries(LAST))
  test(`an answer stands, and its connection does not, where a replica says ${what}`, async t => {
    const { port, sockets } = await rawReplica(t, socket => socket.write(bytes))
    const way = connectionsTo(t, port)
    for (let time = 0; time < 2; time += 1) assert.equal(await text(askReplica(way)), 'ok')
    assert.equal(sockets.length, 2)
  })

/** What says itself how long a body is, under a status that has none: a server that sends it all the same does so some time later. */
const BODILESS: Readonly<Record<string, string>> = {
  'a 204 with a length': 'HTTP/1.1 204 No Content\r\ncontent-length: 17\r\n\r\n',
  'a 204 of chunks': 'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n',
  'a 304 with a length': 'HTTP/1.1 304 Not Modified\r\ncontent-length: 17\r\n\r\n',
}
for (const [what, bytes] of Object.entries(BODILESS))
  test(`what comes late behind ${what} is no answer to the next request`, async t => {
    const { port, sockets } = await rawReplica(t, socket => {
      const isFirst = socket.bytesWritten === 0
      socket.write(isFirst ? bytes : answer('somebody else’s'))
    })
    const way = connectionsTo(t, port)
    assert.equal(await text(askReplica(way)), '')
    assert.equal(await text(askReplica(way)), '')
    assert.equal(sockets.length, 2)
  })

test('a 204 without a length, or with one of zero, leaves its connection to the next request', async t => {
  const { port, sockets } = await rawReplica(t, socket => {
    const length = socket.bytesWritten === 0 ? '' : 'content-length: 0\r\n'
    socket.write(`HTTP/1.1 204 No Content\r\n${length}\r\n`)
  })
  const way = connectionsTo(t, port)
  for (let time = 0; time < 3; time += 1) assert.equal(await text(askReplica(way)), '')
  assert.equal(sockets.length, 1)
})

test('bytes on an idle connection are no answer to the next request', async t => {
  const { port, sockets } = await rawReplica(t, socket => socket.write(OK))
  const way = connectionsTo(t, port)
  await askReplica(way)
  const closed = closing(sockets[0] as (typeof sockets)[0])
  sockets[0]?.write(answer('evil'))
  await closed
  assert.equal(await text(askReplica(way)), 'ok')
  assert.equal(sockets.length, 2)
})

test('a connection that its replica has closed is not used: the request goes out on another one, once', async t => {
  const { port, sockets, said } = await rawReplica(t, socket => socket.write(OK))
  const way = connectionsTo(t, port)
  await askReplica(way)
  sockets[0]?.end()
  await until('it to be closed', () => way.isIdle && sockets[0]?.destroyed === true)
  assert.equal(await text(askReplica(way)), 'ok')
  assert.deepEqual([sockets.length, said.length], [2, 2])
})

test('a request that was written and then lost fails, and is not sent again', async t => {
  const { port, sockets, said } = await rawReplica(t, (socket, connection) => {
    if (connection === 0 && said.length === 2) socket.resetAndDestroy()
    else socket.write(OK)
  })
  const way = connectionsTo(t, port)
  await askReplica(way)
  let starts = 0
  const code = await fault(askReplica(way, {}, () => void (starts += 1)))
  assert.match(code, /^(?:ECONNRESET|CLOSED_EARLY)$/)
  assert.deepEqual([starts, said.length, sockets.length], [1, 2, 1])
  assert.equal(await text(askReplica(way)), 'ok')
})

test('an answer that ends with its connection is whole; one that ends early is not', async t => {
  const bodies = [
    'HTTP/1.1 200 OK\r\n\r\nwhole',
    answer('part').slice(0, -1),
    'HTTP/1.1 200 OK\r\n',
  ]
  const { port, sockets } = await rawReplica(t, socket =>
    socket.end(bodies[sockets.length - 1] ?? ''),
  )
  const way = connectionsTo(t, port)
  assert.equal(await text(askReplica(way)), 'whole')
  assert.equal(await fault(askReplica(way)), 'CLOSED_EARLY')
  assert.equal(await fault(askReplica(way)), 'CLOSED_EARLY')
})

test('a connection that was not there is told, and nothing was sent', async t => {
  const way = connectionsTo(t, 1)
  let starts = 0
  assert.equal(await fault(askReplica(way, {}, () => void (starts += 1))), 'ECONNREFUSED')
  assert.equal(
    await fault(askReplica(way, { path: 'x' }, () => void (starts += 1))),
    'INVALID_REQUEST',
  )
  assert.deepEqual([starts, way.isIdle], [0, true])
})

test('who has left by the time that a request would go out has sent none, and the connection is kept', async t => {
  const { port, sockets, said } = await rawReplica(t, socket => socket.write(OK))
  const way = connectionsTo(t, port)
  const unwanted = (): Promise<void> =>
    new Promise(resolve => {
      const never = (): never => assert.fail('nobody asked')
      way.dispatch(
        { method: 'GET', path: '/', fieldLines: '', body: undefined, firstByteMs: 0, idleMs: 0 },
        {
          onStart: () => {
            resolve()
            return false
          },
          onHead: never,
          onData: never,
          onEnd: never,
          onFailed: never,
        },
      )
    })
  await unwanted()
  await unwanted()
  assert.deepEqual([said.length, await text(askReplica(way)), sockets.length], [0, 'ok', 1])
})

test('closing waits for what is under way, and for what has not gone out yet', async t => {
  const { port, sockets } = await rawReplica(t, socket => held.push(() => socket.write(OK)))
  const held: (() => void)[] = []
  const way = connectionsTo(t, port)
  const first = askReplica(way)
  await until('the request to arrive', () => held.length === 1)
  const second = askReplica(way)
  let isClosed = false
  const closed = way.close().then(() => void (isClosed = true))
  await until('the other to arrive', () => held.length === 2)
  assert.equal(isClosed, false)
  for (const go of held) go()
  assert.deepEqual([await text(first), await text(second)], ['ok', 'ok'])
  await closed
  assert.equal(sockets.length, 2)
})

test('an end at once is told to what is under way and to what has not gone out', async t => {
  const { port, said } = await rawReplica(t, () => undefined)
  const way = connectionsTo(t, port)
  const first = askReplica(way)
  await until('the request to arrive', () => said.length === 1)
  const second = askReplica(way)
  way.destroy()
  assert.deepEqual([await fault(first), await fault(second)], ['CLOSED_HERE', 'CLOSED_HERE'])
  assert.equal(said.length, 1)
})
