// So many at once, and no more are kept for later.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { fewAtOnce } from './few-at-once.ts'

test('what comes while so many are under way is left out, and each that is done makes room', async () => {
  const atOnce = fewAtOnce(2)
  const begun: PromiseWithResolvers<void>[] = []
  const act = (): Promise<void> => {
    const one = Promise.withResolvers<void>()
    begun.push(one)
    return one.promise
  }
  for (let count = 0; count < 5; count += 1) atOnce(act)
  assert.equal(begun.length, 2)
  begun[0]?.resolve()
  await settle()
  for (let count = 0; count < 5; count += 1) atOnce(act)
  assert.equal(begun.length, 3)
})
