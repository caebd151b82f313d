// How many long answers go on in one turn of the loop, and in which order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Turns } from './turns.ts'

test('two go on in a turn, those that came first, and those that come back wait behind the others', async () => {
  const turns = new Turns()
  const went: number[] = []
  const come = (number: number): void => turns.queue(() => void went.push(number))
  for (let number = 0; number < 3; number += 1) come(number)
  assert.deepEqual(went, [])
  await nextTurn()
  assert.deepEqual(went, [0, 1])
  come(0)
  await nextTurn()
  assert.deepEqual(went.slice(2), [2, 0])
  await nextTurn()
  assert.equal(went.length, 4)
  come(9)
  await nextTurn()
  assert.deepEqual(went.slice(4), [9])
})
