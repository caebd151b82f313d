// What of a write is with the kernel: to the byte where the handle tells it, else in whole writes.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { takenBy } from './taken.ts'

const taken = (socket: object): number => takenBy(socket as Socket)

test('the handle knows what of a write still waits, and is asked first', () => {
  const handle = { bytesWritten: 100, writeQueueSize: 30 }
  assert.equal(taken({ _handle: handle, bytesWritten: 100, writableLength: 100 }), 70)
})

test('without it, or when it tells nothing, only whole writes count', () => {
  for (const _handle of [undefined, null, {}, { bytesWritten: 100 }])
    assert.equal(taken({ _handle, bytesWritten: 100, writableLength: 60 }), 40)
})
