// An event stream on its way to the caller: message by message, and ended truthfully when it breaks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWER, largeAnswer, relayed, SWAPPED } from '#test/support/relayed.ts'

const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress"}'

test('a stream begins at once, without a byte, and tells proxies to keep their hands off', () => {
  const { caller } = relayed({ isStream: true })
  assert.deepEqual(caller.log, ['begin 200'])
  assert.deepEqual(caller.headers, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
})

test('a stream ends when its answer has gone out', async () => {
  const { body, caller, trail, blamed, done } = relayed({ isStream: true })
  body.data(`id: 1\ndata: ${PROGRESS}\n\ndata: ${ANSWER}\n\n`)
  body.end()
  await done
  assert.equal(caller.text(), `data: ${PROGRESS}\n\ndata: ${SWAPPED}\n\n`)
  assert.equal(caller.log.at(-1), 'end')
  assert.deepEqual([trail.broken, blamed()], [undefined, 0])
})

test('a stream that breaks after its answer, or holds rubbish behind it, has lost nothing', async () => {
  for (const more of ['', 'data: {"jso', 'data: oops\n\n', `data: xxxxx`]) {
    const { body, caller, trail, done } = relayed({ isStream: true })
    body.data(`data: ${ANSWER}\n\n${more}`)
    body.broken()
    await done
    assert.equal(caller.text(), `data: ${SWAPPED}\n\n`)
    assert.equal(caller.log.at(-1), 'end')
    assert.equal(trail.broken, undefined)
  }
})

test('a stream is over for its caller with its answer, and what comes behind that reaches nobody', async () => {
  for (const isTogether of [true, false]) {
    const { body, caller, ends, done } = relayed({ isStream: true })
    const more = `data: ${PROGRESS}\n\ndata: ${ANSWER}\n\n`
    body.data(`data: ${ANSWER}\n\n${isTogether ? more : ''}`)
    await done
    if (!isTogether) body.data(more)
    body.end()
    assert.equal(caller.text(), `data: ${SWAPPED}\n\n`)
    assert.equal(caller.log.at(-1), 'end')
    assert.deepEqual(ends, [{ ended: 'whole', rpcCode: undefined }])
  }
})

test('a server that leaves the stream of an answer open has a second to end it, and its extensions count for nothing', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const isOpen = relayed({ isStream: true })
  isOpen.body.data(`data: ${ANSWER}\n\n`)
  await isOpen.done
  t.mock.timers.tick(999)
  isOpen.body.data(`data: ${PROGRESS}\n\n`)
  assert.deepEqual(isOpen.body.log, [])
  t.mock.timers.tick(1)
  assert.deepEqual([isOpen.body.log, isOpen.abandoned()], [['abort'], 0])
  for (const finish of ['end', 'broken'] as const) {
    const { body, done } = relayed({ isStream: true })
    body.data(`data: ${ANSWER}\n\n`)
    body[finish]()
    await done
    t.mock.timers.tick(2_000)
    assert.deepEqual(body.log, [])
  }
})

test('a stream that stops between events or inside one that has not gone out is ended with an error event', async () => {
  for (const [finish, code] of [
    ['end', 'RINGMAIN_UPSTREAM_BAD_RESPONSE'],
    ['broken', 'RINGMAIN_OUTCOME_UNKNOWN'],
  ] as const)
    for (const rest of ['id: 5', 'data: {"jsonrpc"', `data: ${ANSWER}`, `data: ${ANSWER}\n`]) {
      const { body, caller, trail, blamed, done } = relayed({ isStream: true })
      body.data(`data: ${PROGRESS}\n\n${rest}`)
      body[finish]()
      await done
      assert.equal(caller.text(), `data: ${PROGRESS}\n\nevent: message\ndata: <${code}>\n\n`)
      assert.equal(caller.log.at(-1), 'end')
      assert.deepEqual([trail.broken, blamed()], [code, 1])
    }
})

test('a stream that stops inside a large event is cut', async () => {
  for (const finish of ['end', 'broken'] as const) {
    const { body, caller, done } = relayed({ isStream: true })
    body.data(`data: ${largeAnswer('7')}`)
    assert.ok(caller.text().length > 65_536)
    body[finish]()
    await done
    assert.equal(caller.log.at(-1), 'cut')
    assert.doesNotMatch(caller.text(), /RINGMAIN/)
  }
})

test('an event that is no message ends the stream with an error event, or by cutting what has gone out of it', async () => {
  for (const data of [
    'oops',
    `{"jsonrpc":"2.0","id":8,"result":{}}`,
    largeAnswer('7').slice(0, -1),
  ]) {
    const { body, caller, trail, abandoned, blamed, done } = relayed({ isStream: true })
    body.data(`data: ${PROGRESS}\n\ndata: ${data}\n\ndata: ${ANSWER}\n\n`)
    await done
    body.data('more')
    body.end()
    const isLarge = data.length > 65_536
    assert.equal(caller.log.at(-1), isLarge ? 'cut' : 'end')
    assert.equal(caller.text().includes('<RINGMAIN_UPSTREAM_BAD_RESPONSE>'), !isLarge)
    assert.deepEqual(
      [trail.broken, abandoned(), blamed()],
      ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 1, 1],
    )
  }
})

test('events that come together go out together', () => {
  const { body, caller } = relayed({ isStream: true })
  body.data(`data: ${PROGRESS}\n\n`.repeat(3))
  assert.equal(caller.log.length, 2, caller.log.join())
  assert.equal(caller.text(), `data: ${PROGRESS}\n\n`.repeat(3))
})

test('a line without end that nobody gets is no event, and events of other types are none either', async () => {
  for (const line of ['id: ', 'event: ping\ndata: ']) {
    const { body, trail, abandoned, done } = relayed({ isStream: true })
    for (let event = 0; event < 3; event += 1) body.data(`${line}${'x'.repeat(60_000)}\n\n`)
    assert.equal(abandoned(), 0)
    body.data(line)
    for (let time = 0; time < 2; time += 1) body.data('x'.repeat(60_000))
    await done
    assert.deepEqual([trail.broken, abandoned()], ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 1], line)
  }
})
