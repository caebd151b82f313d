// How long the first, the fourth and the thousandth ejection in a row last.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { ejectionMs } from './back-off.ts'

const POLICY = { baseMs: 1_000, maxMs: 60_000 }

test('an ejection lasts between half of its time and all of it', t => {
  const seed = 11
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  for (const [before, wholeMs] of [
    [0, 1_000],
    [3, 8_000],
    [6, 60_000],
    [2_000, 60_000],
  ] as const) {
    const all = Array.from({ length: 1_000 }, () => ejectionMs(POLICY, before, random))
    assert.ok(Math.min(...all) >= wholeMs / 2 && Math.max(...all) <= wholeMs)
    assert.ok(Math.max(...all) - Math.min(...all) > wholeMs * 0.45, 'it is spread')
  }
})
