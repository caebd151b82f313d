// Work that must not end: what becomes of it when it breaks, when it ends by itself, and when it is told to end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualTime } from '#test/support/manual-time.ts'
import { supervise } from './supervise.ts'

test('work that throws or ends by itself is told of, and begins again after a growing pause', async () => {
  const time = manualTime()
  const closed = new AbortController()
  const told: string[] = []
  let begun = 0
  const done = supervise(
    async () => {
      begun += 1
      if (begun === 1) throw new Error('broken')
      if (begun > 2) await time.wait(3_600_000, closed.signal)
    },
    { ...time, random: () => 1, onDefect: error => told.push((error as Error).message) },
    closed.signal,
  )
  assert.equal(await time.untilWaiting(ms => ms === 500), 500)
  await time.advance(500)
  assert.deepEqual([begun, told], [2, ['broken', 'it ended by itself']])
  assert.deepEqual(time.waits(), [1_000])
  await time.advance(1_000)
  assert.equal(begun, 3)
  closed.abort()
  await done
  assert.equal(told.length, 2, 'an end that was asked for is no defect')
})
