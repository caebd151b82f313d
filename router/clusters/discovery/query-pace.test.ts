// What a churning index costs, counted on a clock that the test moves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueryPace } from './query-pace.ts'

/** Asks as fast as the pace allows for so long; every answer comes at once. */
function askFor(ms: number, hadNews: boolean): readonly number[] {
  let nowMs = 0
  const pace = createQueryPace({ nowMs: () => nowMs, wallMs: () => 0 })
  const asked: number[] = []
  for (;;) {
    nowMs += pace.take()
    if (nowMs > ms) return asked
    asked.push(nowMs)
    pace.woke(hadNews)
  }
}

test('a first query and one more go out at once, the third waits for its token', () => {
  assert.deepEqual(askFor(1_500, false), [0, 0, 1_000])
})

test('an index that churns without news is asked ten times a minute, then once in 15 s', () => {
  const asked = askFor(600_000, false)
  assert.ok(asked.length <= 2 + 11 * 10, `${asked.length} queries in ten minutes`)
  const gaps = asked.map((at, position) => at - (asked[position - 1] ?? 0))
  assert.equal(Math.max(...gaps), 15_000)
  for (const start of asked)
    assert.ok(asked.filter(at => at >= start && at < start + 60_000).length <= 15)
})

test('the first ten changes of a minute are followed at once, more of them one a second', () => {
  const asked = askFor(20_000, true)
  assert.equal(asked.filter(at => at === 0).length, 12)
  assert.equal(asked[12], 1_000)
  assert.ok(asked.length <= 12 + 20)
})

test('changes without end cost no more than one query a second', () => {
  const asked = askFor(600_000, true)
  assert.ok(asked.length <= 600, `${asked.length} queries in ten minutes`)
})

test('an idle minute gives the burst back, and no more than it', () => {
  let nowMs = 0
  const pace = createQueryPace({ nowMs: () => nowMs, wallMs: () => 0 })
  for (let turn = 0; turn < 20; turn += 1) {
    nowMs += pace.take()
    pace.woke(false)
  }
  nowMs += 600_000
  assert.deepEqual([pace.take(), pace.take()], [0, 0])
  assert.equal(pace.take(), 1_000)
})
