// What is pipelined behind a call that takes long is bounded: neither what is refused there nor what is good is kept without end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Arrived } from '#router/facts.ts'
import { listening, raw } from '#test/support/listening.ts'
import { MOST_REQUESTS, MOST_WAITING } from './pipelines.ts'

const CALL =
  'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
const AMBIGUOUS = 'GET //mcp HTTP/1.1\r\nhost: localhost\r\n\r\n'
const SHORTEST = 'GET / HTTP/1.1\r\n\r\n'

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

test('requests behind a refusal that waits for a running call break the connection, and are not kept', async t => {
  const { port, first, refused } = await slowFirst(t)
  const { socket, all } = await raw(port, CALL)
  socket.on('error', () => undefined)
  const { caller } = await first
  const gone = new Promise<void>(resolve => caller.onGone(resolve))
  socket.write(AMBIGUOUS + SHORTEST.repeat(MOST_WAITING + 1))
  assert.equal(await all, '')
  await gone
  assert.equal(refused.length, 1)
})

test('a refusal that waits for a running call comes after its answer when nothing follows', async t => {
  const { port, first } = await slowFirst(t)
  const { all } = await raw(port, CALL + AMBIGUOUS)
  const { caller } = await first
  caller.send(200, {}, 'first')
  const answers = await all
  assert.deepEqual(statuses(answers), ['200', '400'])
})

test('requests behind a refusal that is not read break the connection', async t => {
  const { port, first, refused } = await slowFirst(t)
  const { socket, all } = await raw(port, CALL)
  socket.on('error', () => undefined)
  socket.pause()
  const { caller } = await first
  const gone = new Promise<void>(resolve => caller.onGone(resolve))
  caller.send(200, {}, Buffer.alloc(64 * 1_048_576)) // more than the kernel takes
  socket.write(AMBIGUOUS + SHORTEST.repeat(MOST_WAITING + 1))
  await gone
  socket.resume()
  await all
  assert.equal(refused.length, 1)
})

test('as many as may wait are answered in their order, and one more breaks the connection', async t => {
  for (const [behind, isTooMany] of [
    [MOST_WAITING, false],
    [MOST_WAITING + 1, true],
  ] as const) {
    const { port, first, arrived } = await slowFirst(t)
    const { socket, all } = await raw(port, CALL)
    socket.on('error', () => undefined)
    const { caller } = await first
    const gone = new Promise<void>(resolve => caller.onGone(resolve))
    socket.write(CALL.repeat(behind - 1) + CALL.replace('\r\n', '\r\nconnection: close\r\n'))
    if (isTooMany) await gone
    else caller.send(200, {}, 'first')
    const answers = statuses(await all)
    assert.equal(answers.length, isTooMany ? 0 : behind + 1)
    if (!isTooMany) assert.equal(arrived.length, behind + 1)
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
