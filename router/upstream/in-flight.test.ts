// A cancellation finds the one call it names, however the two spell the id.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InFlight } from './in-flight.ts'

/** `spelt`: the id as the call wrote it; `named`: as the cancellation is read. */
function cancelled(spelt: string, named: string, session = 's'): number {
  let count = 0
  const calls = new InFlight()
  calls.add('s', spelt, () => {
    count += 1
  })
  calls.cancel(session, named)
  return count
}

test('a cancellation reaches the call of its session and id', () => {
  assert.equal(cancelled('7', '7'), 1)
  assert.equal(cancelled('"a b"', '"a b"'), 1)
  assert.equal(cancelled('0', '0'), 1)
  assert.equal(cancelled('""', '""'), 1)
})

test('another id, another type of the same digits or another session reaches nothing', () => {
  assert.equal(cancelled('7', '8'), 0)
  assert.equal(cancelled('7', '"7"'), 0)
  assert.equal(cancelled('7', '7', 'other'), 0)
})

test('an id is the same however it is spelt', () => {
  assert.equal(cancelled('1e2', '100'), 1)
  assert.equal(cancelled('1.0', '1'), 1)
  assert.equal(cancelled('"\\u00e9\\/"', JSON.stringify('é/')), 1)
})

test('two calls under one id: a cancellation names neither', () => {
  const cancelled: string[] = []
  const calls = new InFlight()
  const forgetFirst = calls.add('s', '1', () => cancelled.push('first'))
  calls.add('s', '1.0', () => cancelled.push('second'))
  calls.cancel('s', '1')
  assert.deepEqual(cancelled, [])
  forgetFirst()
  calls.cancel('s', '1')
  assert.deepEqual(cancelled, ['second'])
})

test('a call that is over is not found, and forgetting twice forgets no other', () => {
  const cancelled: string[] = []
  const calls = new InFlight()
  const forget = calls.add('s', '1', () => cancelled.push('old'))
  forget()
  calls.cancel('s', '1')
  calls.add('s', '1', () => cancelled.push('new'))
  forget()
  calls.cancel('s', '1')
  assert.deepEqual(cancelled, ['new'])
})

test('a session is busy while one of its calls is under way, whatever is forgotten twice', () => {
  const calls = new InFlight()
  const ended = calls.add('s', '1', () => undefined)
  assert.deepEqual([calls.isBusy('s'), calls.isBusy('t')], [true, false])
  const last = calls.add('s', '2', () => undefined)
  ended()
  ended()
  assert.equal(calls.isBusy('s'), true)
  last()
  assert.equal(calls.isBusy('s'), false)
})
