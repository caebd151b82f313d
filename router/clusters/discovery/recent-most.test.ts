// The largest of the last while, and no memory of what can never be it again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecentMost } from './recent-most.ts'

test('the largest counts until its while is over, then the largest after it', () => {
  const recent = createRecentMost(60)
  assert.equal(recent.most(0), 0)
  for (const [figure, atMs] of [
    [3, 0],
    [8, 10],
    [8, 20],
    [5, 30],
    [6, 40],
  ] as const)
    recent.add(figure, atMs)
  assert.deepEqual(
    [40, 80, 81, 100, 101].map(nowMs => recent.most(nowMs)),
    [8, 8, 6, 6, 0],
  )
})
