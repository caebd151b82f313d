// An answer on its way whose time is over: told to the caller as far as it can still be told, and ended at the replica.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { ANSWER, largeAnswer, relayed, SWAPPED } from '#test/support/relayed.ts'

const TIMEOUT = '<RINGMAIN_UPSTREAM_TIMEOUT>'
const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}'

test('a JSON answer that has not gone out is replaced by the timeout; one that has begun is cut', async () => {
  for (const [begun, last] of [
    ['{"jsonrpc":"2.0",', `send 200 ${TIMEOUT}`],
    [largeAnswer('7').slice(0, -5), 'cut'],
  ] as const) {
    const late = fakeDeadline()
    const { body, caller, trail, abandoned, blamed, done } = relayed({ deadline: late.deadline })
    body.data(begun)
    late.end()
    await done
    assert.equal(caller.log.at(-1), last)
    assert.equal(trail.broken, 'RINGMAIN_UPSTREAM_TIMEOUT')
    assert.deepEqual([abandoned(), blamed()], [1, 1])
  }
})

test('a stream is ended by an error event, or cut within a message that has gone out in part', async () => {
  for (const [begun, last] of [
    [`data: ${PROGRESS}\n\ndata: {"js`, 'end'],
    [`data: ${largeAnswer('7').slice(0, -5)}`, 'cut'],
  ] as const) {
    const late = fakeDeadline()
    const scene = relayed({ isStream: true, deadline: late.deadline })
    scene.body.data(begun)
    late.end()
    await scene.done
    assert.equal(scene.caller.log.at(-1), last)
    assert.equal(scene.caller.text().includes(TIMEOUT), last === 'end')
    assert.deepEqual([scene.abandoned(), scene.blamed()], [1, 1])
  }
})

test('a stream whose answer has gone out loses nothing by its deadline', async () => {
  const late = fakeDeadline()
  const { body, caller, trail, abandoned, done } = relayed({
    isStream: true,
    deadline: late.deadline,
  })
  body.data(`data: ${ANSWER}\n\n`)
  late.end()
  await done
  assert.equal(caller.text(), `data: ${SWAPPED}\n\n`)
  assert.deepEqual([trail.broken, abandoned()], [undefined, 0])
})

test('time that the caller has cut short, or takes itself to read, is no fault of the replica', async () => {
  const short = fakeDeadline({ isCallers: true })
  const cutShort = relayed({ deadline: short.deadline })
  cutShort.body.data('{"jsonrpc"')
  short.end()
  await cutShort.done
  const slow = fakeDeadline()
  const reading = relayed({ deadline: slow.deadline, caller: fakeCaller(100) })
  reading.body.data(largeAnswer('7').slice(0, -5))
  slow.end()
  await reading.done
  assert.deepEqual([cutShort.blamed(), reading.blamed()], [0, 0])
})

test('an answer that was whole before has no deadline any more', async () => {
  const late = fakeDeadline()
  const { body, caller, abandoned, done } = relayed({ deadline: late.deadline })
  body.data(ANSWER)
  body.end()
  await done
  late.end()
  assert.deepEqual([caller.log.at(-1), abandoned()], [`send 200 ${SWAPPED}`, 0])
})

test('a time that was over before the relay began is told all the same, once', async () => {
  const late = fakeDeadline({ isOver: true })
  const { caller, abandoned, done } = relayed({
    deadline: late.deadline,
    early: body => body.data(ANSWER),
  })
  await done
  assert.deepEqual([caller.log, abandoned()], [[`send 200 ${TIMEOUT}`], 1])
})

test('progress extends the deadline; comments and other messages do not', () => {
  const late = fakeDeadline()
  const { body } = relayed({ isStream: true, deadline: late.deadline })
  body.data(': still there\n\n')
  body.data('data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n')
  assert.deepEqual(late.log, [])
  body.data(`data: ${PROGRESS}\n`)
  assert.deepEqual(late.log, [])
  body.data('\n')
  assert.deepEqual(late.log, ['extend'])
})
