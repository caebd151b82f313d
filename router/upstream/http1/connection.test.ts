// One connection over a real socket: its limits, a reader that waits, an abort, and memory that is shared with others.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { askReplica, fault, text } from '#test/support/ask-replica.ts'
import { answer, closing, connectionsTo, rawReplica } from '#test/support/raw-replica.ts'
import { until } from '#test/support/until.ts'
import type { Control } from './connection.ts'

/** Longer than a tick of the wheel. */
function standStill(): void {
  const endMs = performance.now() + 30
  while (performance.now() < endMs);
}

test('a malformed answer fails its request and closes the connection', async t => {
  const { port, sockets } = await rawReplica(t, socket => socket.write('HTTP/1.1 200 OK\n\n'))
  const way = connectionsTo(t, port)
  assert.equal(await fault(askReplica(way)), 'MALFORMED_ANSWER')
  await closing(sockets[0] as (typeof sockets)[0])
  assert.equal(way.isIdle, true)
})

test('a first byte and a next one that do not come in time end the request', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 1_000
  let asked = Promise.withResolvers<void>()
  const { port } = await rawReplica(t, (socket, connection) => {
    if (connection === 1) socket.write(answer('ok').slice(0, -1))
    if (connection === 2) socket.write('HTTP/1.1 102 Processing\r\n\r\n')
    asked.resolve()
  })
  const way = connectionsTo(t, port, () => nowMs)
  const limits = { firstByteMs: 60, idleMs: 30 }
  /** So much later than what was sent has come. */
  const after = async (ms: number): Promise<void> => {
    await asked.promise
    for (let turn = 0; turn < 20; turn += 1) await nextTurn()
    nowMs += ms
    t.mock.timers.tick(10)
    asked = Promise.withResolvers()
  }
  const silent = assert.rejects(askReplica(way, limits), {
    code: 'FIRST_BYTE_TIMEOUT',
    message: 'no final answer within 60 ms',
  })
  await after(80)
  await silent
  const begun = fault(askReplica(way, limits))
  await after(50)
  assert.equal(await begun, 'IDLE_TIMEOUT')
  const informal = assert.rejects(
    askReplica(way, limits),
    /no final answer within 60 ms, only some of status 1xx/,
  )
  await after(80)
  await informal
})

test('an answer that came while the process stood still is read, and is not late', async t => {
  let nowMs = 1_000
  const { port } = await rawReplica(t, socket => {
    socket.write(answer('ok'))
    nowMs += 60_000
    standStill() // the wheel is due, and so is the answer
  })
  const way = connectionsTo(t, port, () => nowMs)
  assert.equal(await text(askReplica(way)), 'ok')
})

test('a reader that waits is not held to the limit between two pieces', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 1_000
  const body = 'x'.repeat(3_000_000)
  const { port } = await rawReplica(t, socket => socket.write(answer(body)))
  const way = connectionsTo(t, port, () => nowMs)
  let control: Control | undefined
  const begun = Promise.withResolvers<void>()
  const asking = askReplica(
    way,
    { idleMs: 100 },
    it => void (control = it),
    () => {
      control?.pause()
      begun.resolve()
    },
  )
  await begun.promise
  for (let tick = 0; tick < 100; tick += 1) {
    nowMs += 10
    t.mock.timers.tick(10)
    await nextTurn()
  }
  control?.resume()
  assert.equal((await asking).text.length, body.length)
})

test('where nothing is expected silence is no fault, and from then on on its limit begins anew', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 1_000
  const { port } = await rawReplica(t, socket => socket.write(answer('whole').slice(0, -1)))
  const way = connectionsTo(t, port, () => nowMs)
  let control: Control | undefined
  const begun = Promise.withResolvers<void>()
  let ended: string | undefined
  const asking = askReplica(way, { idleMs: 100 }, it => void (control = it), begun.resolve)
  const ending = fault(asking).then(code => {
    ended = code
  })
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 10) {
      nowMs += 10
      t.mock.timers.tick(10)
      await nextTurn()
    }
  }
  await begun.promise
  control?.rest(true)
  await pass(1_050)
  control?.resume() // the loop has turned, and still nothing is expected
  await pass(1_050)
  control?.rest(false)
  await pass(90)
  assert.equal(ended, undefined)
  await pass(40)
  await ending
  assert.equal(ended, 'IDLE_TIMEOUT')
})

test('a connection that its replica closed while its answer waited here takes no other request', async t => {
  const { port, sockets } = await rawReplica(t, (socket, connection) => {
    if (connection === 0) socket.end(answer('x'.repeat(300_000)))
    else socket.write(answer('ok'))
  })
  const way = connectionsTo(t, port)
  const begun = Promise.withResolvers<Control>()
  let control: Control | undefined
  const second = Promise.withResolvers<string>()
  const first = askReplica(
    way,
    {},
    it => void (control = it),
    () => {
      control?.pause()
      begun.resolve(control as Control)
    },
  )
  const held = await begun.promise
  await until('all of it to be here', () => sockets[0]?.writableFinished === true)
  void first.then(() => second.resolve(text(askReplica(way)))) // in the very turn in which it is whole
  held.resume()
  assert.equal(await second.promise, 'ok')
  assert.equal(sockets.length, 2)
})

test('one whose answer waited here for longer than connections are kept is closed, not used', async t => {
  let nowMs = 1_000
  const { port, sockets } = await rawReplica(t, socket => socket.write(answer('x'.repeat(300_000))))
  const way = connectionsTo(t, port, () => nowMs)
  for (const [waitedMs, opened] of [
    [1_000, 1],
    [5_000, 1],
    [0, 2],
  ] as const) {
    let control: Control | undefined
    await askReplica(
      way,
      {},
      it => void (control = it),
      () => {
        control?.pause()
        nowMs += waitedMs
        control?.resume()
      },
    )
    await until('it to be known whether it is kept', () => way.isIdle)
    assert.equal(sockets.length, opened)
  }
})

test('one that was held back at the end of its answer reads the next', async t => {
  const { port, sockets } = await rawReplica(t, socket => socket.write(answer('ok')))
  const way = connectionsTo(t, port)
  let control: Control | undefined
  const hold = (): void => control?.pause()
  await askReplica(way, {}, it => void (control = it), hold)
  await until('it to be offered again', () => way.isIdle)
  assert.equal(await text(askReplica(way)), 'ok')
  assert.equal(sockets.length, 1)
})

test('an abort closes the connection, and nothing more is heard', async t => {
  const { port, sockets } = await rawReplica(t, socket => socket.write(answer('ok').slice(0, -1)))
  const way = connectionsTo(t, port)
  let heard = 0
  const begun = Promise.withResolvers<Control>()
  askReplica(way, {}, control => begun.resolve(control)).then(
    () => void (heard += 1),
    () => void (heard += 1),
  )
  const control = await begun.promise
  await until(
    'the request to arrive',
    () => sockets[0]?.bytesRead !== undefined && sockets[0].bytesRead > 0,
  )
  control.abort()
  await closing(sockets[0] as (typeof sockets)[0])
  assert.deepEqual([heard, way.isIdle], [0, true])
})

test('a connection that is given up at a head takes no other request, though its answer came whole with it', async t => {
  const { port, sockets } = await rawReplica(t, socket => socket.write(answer('ok')))
  const way = connectionsTo(t, port)
  let control: Control | undefined
  const left = Promise.withResolvers<void>()
  void askReplica(
    way,
    {},
    it => void (control = it),
    () => {
      control?.abort()
      left.resolve()
    },
  )
  await left.promise
  assert.equal(await text(askReplica(way)), 'ok')
  assert.equal(sockets.length, 2)
})

test('an answer to half a request is an answer, and the rest is not left on the connection', async t => {
  const { port, sockets } = await rawReplica(t, socket => {
    socket.pause()
    socket.write(answer('no'))
  })
  const way = connectionsTo(t, port)
  const body = Buffer.alloc(30_000_000)
  assert.equal(await text(askReplica(way, { method: 'POST', body })), 'no')
  assert.equal(way.isIdle, true)
  assert.equal(await text(askReplica(way)), 'no')
  assert.equal(sockets.length, 2)
})

async function longAnswers(t: TestContext) {
  const bodies = ['a', 'b', 'c'].map(letter => letter.repeat(300_000))
  const { port } = await rawReplica(t, (socket, connection) =>
    socket.write(answer(bodies[connection] ?? '')),
  )
  return { way: connectionsTo(t, port), bodies }
}

test('long answers that come at once do not mix in the memory they share', async t => {
  const { way, bodies } = await longAnswers(t)
  const texts = await Promise.all(bodies.map(() => text(askReplica(way))))
  assert.deepEqual(texts.sort(), bodies)
})
