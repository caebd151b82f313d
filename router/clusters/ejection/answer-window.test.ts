// What stands in the window at any time, held against a list of all answers with their times.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { AnswerWindow } from './answer-window.ts'

test('an empty window is one of which nothing bad is known', () => {
  const window = new AnswerWindow(1_000)
  assert.deepEqual([window.answers(0), window.successRate(0)], [0, 1])
})

test('it holds the answers of the bucket at hand and of the nine before it, and no others', t => {
  const seed = 5
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const window = new AnswerWindow(1_000)
  const told: { readonly atMs: number; readonly isGood: boolean }[] = []
  for (
    let nowMs = 0;
    told.length < 5_000;
    nowMs += random() < 0.01 ? 3_000 * random() : 20 * random()
  ) {
    const isGood = random() < 0.7
    window.add(isGood, nowMs)
    told.push({ atMs: nowMs, isGood })
    const fromMs = (Math.floor(nowMs / 100) - 9) * 100
    const within = told.filter(({ atMs }) => atMs >= fromMs)
    assert.equal(window.answers(nowMs), within.length)
    assert.equal(window.successRate(nowMs), within.filter(one => one.isGood).length / within.length)
  }
})

test('a cleared window is empty', () => {
  const window = new AnswerWindow(1_000)
  window.add(false, 10)
  window.clear()
  assert.equal(window.answers(10), 0)
  window.add(true, 20)
  assert.equal(window.successRate(20), 1)
})
