// How long a replica owes an answer: from the call that is watched, until it or a later one is answered.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwedAnswer } from './owed-answer.ts'

test('it owes an answer from the first call on, until that has come', () => {
  const owed = new OwedAnswer()
  assert.equal(owed.forMs(100), 0)
  owed.sent(100)
  owed.sent(130)
  assert.equal(owed.forMs(150), 50)
  owed.came(100)
  assert.equal(owed.forMs(160), 0)
  owed.sent(170)
  assert.equal(owed.forMs(180), 10)
})

test('a call that a later one overtook says nothing of the replica', () => {
  const owed = new OwedAnswer()
  owed.sent(100)
  owed.sent(130)
  owed.came(130)
  assert.equal(owed.forMs(90_000), 0)
  owed.sent(90_000)
  owed.came(100)
  assert.equal(owed.forMs(90_010), 10)
})

test('a call to which no answer will come is watched no longer, and the next one is', () => {
  const owed = new OwedAnswer()
  owed.sent(100)
  owed.sent(130)
  owed.lost(130)
  assert.equal(owed.forMs(150), 50)
  owed.lost(100)
  assert.equal(owed.forMs(160), 0)
  owed.sent(170)
  assert.equal(owed.forMs(180), 10)
})

test('what was sent before it came back is not held against it', () => {
  const owed = new OwedAnswer()
  owed.sent(100)
  owed.forget()
  assert.equal(owed.forMs(200), 0)
})
