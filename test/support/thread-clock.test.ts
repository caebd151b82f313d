// The clock of a thread tells less than the kernel's tick, and stands while the thread sleeps.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadClock } from './thread-clock.ts'

test('it tells steps well below a tick of the kernel, and goes as the one that has only those', () => {
  const now = threadClock()
  const beganMs = now()
  const began = process.threadCpuUsage()
  let least = Number.POSITIVE_INFINITY
  for (let last = beganMs; last < beganMs + 100; ) {
    const next = now()
    if (next > last) least = Math.min(least, next - last)
    last = next
  }
  assert.ok(least < 0.1, `${least} ms`)
  // The other clock counts whole ticks, and on a machine shared with others it misses some.
  const { user, system } = process.threadCpuUsage(began)
  assert.ok(user + system > 20_000 && user + system < 400_000, `${user + system} us`)
})

test('it stands while the thread sleeps', () => {
  const now = threadClock()
  const beganMs = now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  assert.ok(now() - beganMs < 25)
})
