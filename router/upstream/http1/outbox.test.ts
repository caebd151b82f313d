// When requests go out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Outbox } from './outbox.ts'

test('what is put in during a turn goes out at its end, in order, and once', async () => {
  const outbox = new Outbox()
  const out: number[] = []
  const put = (number: number): void => outbox.put(() => void out.push(number))
  put(1)
  put(2)
  await Promise.resolve()
  assert.deepEqual(out, [])
  await nextTurn()
  assert.deepEqual(out, [1, 2])
  outbox.put(() => put(4))
  put(3)
  await nextTurn()
  assert.deepEqual(out, [1, 2, 3])
  await nextTurn()
  assert.deepEqual(out, [1, 2, 3, 4])
})
