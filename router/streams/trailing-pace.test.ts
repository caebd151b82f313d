// What happens again and again is told seldom, and its last time always.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualAfter } from '#test/support/manual-after.ts'
import { TrailingPace } from './trailing-pace.ts'

function paced() {
  const time = manualAfter()
  const done: string[] = []
  const pace = new TrailingPace(time, 1_000)
  const run = (key: string, word: string): void => pace.run(key, () => void done.push(word))
  return { pace, run, done, ...time }
}

test('the first time at once, and of those that follow the last', () => {
  const { run, done, pass, size } = paced()
  for (const word of ['one', 'two', 'three']) run('a', word)
  run('b', 'other')
  assert.deepEqual(done, ['one', 'other'])
  pass(1_000)
  assert.deepEqual(done, ['one', 'other', 'three'])
  pass(5_000)
  assert.equal(size(), 0)
})

test('among more things than are told apart none loses its last word', () => {
  const { run, done, pass } = paced()
  run('first', 'early')
  run('first', 'late')
  for (let count = 0; count < 1_000; count += 1) run(String(count), 'x')
  pass(1_000)
  assert.deepEqual(
    done.filter(word => word !== 'x'),
    ['early', 'late'],
  )
})

test('what is cleared is not done any more', () => {
  const { pace, run, done, pass } = paced()
  run('a', 'one')
  run('a', 'two')
  pace.clear()
  pass(5_000)
  assert.deepEqual(done, ['one'])
})
