// The clock of a thread tells less than the kernel's tick, and stands while the thread sleeps.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadClock } from './thread-clock.ts'

test('it tells steps well below a tick of the kernel, and goes as the one that has only those', () => {
  const now = threadClock()
  const beganMs = now()
  const { user: began } = process.threadCpuUsage()
  let least = Number.POSITIVE_INFINITY
  for (let last = beganMs; last < beganMs + 100; ) {
    const next = now()
    if (next > last) least = Math.min(least, next - last)
    last = next
  }
  assert.ok(least < 0.1, `${least} ms`)
  const { user } = process.threadCpuUsage()
  assert.ok(Math.abs((user - began) / 1_000 - 100) < 60, `${user - began} us`)
})

test('it stands while the thread sleeps', () => {
  const now = threadClock()
  const beganMs = now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  assert.ok(now() - beganMs < 25)
})
