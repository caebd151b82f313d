// One write after another, the newest of those that wait, and a failed one costs only itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { newestWrite } from './durable-file.ts'

function ground() {
  const begun: string[] = []
  const problems: string[] = []
  let end: { resolve: () => void; reject: (error: Error) => void } | undefined
  const writes = newestWrite<string>(
    value => {
      begun.push(value)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      end = { resolve, reject }
      return promise
    },
    error => void problems.push(error.message),
  )
  return {
    writes,
    begun,
    problems,
    end: async (problem?: string) => {
      if (problem === undefined) end?.resolve()
      else end?.reject(new Error(problem))
      await settle()
    },
  }
}

test('while one is written the newest of the others waits', async () => {
  const { writes, begun, end } = ground()
  for (const value of ['a', 'b', 'c']) writes.put(value)
  assert.deepEqual(begun, ['a'])
  await end()
  assert.deepEqual(begun, ['a', 'c'])
  let isDone = false
  void writes.done().then(() => (isDone = true))
  await settle()
  assert.equal(isDone, false)
  await end()
  assert.equal(isDone, true)
  writes.put('d')
  assert.deepEqual(begun, ['a', 'c', 'd'])
})

test('one that fails is told, and the next is made', async () => {
  const { writes, begun, problems, end } = ground()
  writes.put('a')
  writes.put('b')
  await end('the disk is full')
  assert.deepEqual([problems, begun], [['the disk is full'], ['a', 'b']])
})
