// The whole table of what may go elsewhere: every outcome, for a call that may run twice and for one that may not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import type { Attempt } from './facts.ts'
import { NOT_EXECUTED, outcomeOf } from './outcome.ts'
import { denialOf, nextStep, pauseMs } from './retry-rules.ts'

const detail = 'x'
const REFUSED = { [NOT_EXECUTED]: '1' }

/** What an attempt came to, and what follows: for any call, and for one that may run twice. */
const TABLE: ReadonlyArray<readonly [string, Attempt, string, string]> = [
  ['refused connection', { kind: 'not_sent', detail, isNobodyThere: true }, 'failover', 'failover'],
  ['connect timeout', { kind: 'not_sent', detail, isNobodyThere: false }, 'failover', 'failover'],
  [
    'local pool',
    { kind: 'not_sent', detail, isNobodyThere: false, isOurs: true },
    'failover',
    'failover',
  ],
  ['429, not executed', answeredAs(429, REFUSED), 'refused', 'refused'],
  ['503, not executed', answeredAs(503, REFUSED), 'refused', 'refused'],
  ['reset', { kind: 'no_answer', detail }, 'tell', 'unanswered'],
  ['timeout', { kind: 'timeout', detail }, 'tell', 'unanswered'],
  ['502', answeredAs(502), 'tell', 'unanswered'],
  ['503', answeredAs(503), 'tell', 'unanswered'],
  ['504', answeredAs(504), 'tell', 'unanswered'],
  ['502, not executed', answeredAs(502, REFUSED), 'tell', 'unanswered'],
  ['the caller left', { kind: 'abandoned' }, 'tell', 'tell'],
  ['429', answeredAs(429), 'tell', 'tell'],
  ['500', answeredAs(500), 'tell', 'tell'],
  ['500, not executed', answeredAs(500, REFUSED), 'tell', 'tell'],
  ['400', answeredAs(400), 'tell', 'tell'],
  ['401', answeredAs(401), 'tell', 'tell'],
  ['404', answeredAs(404), 'tell', 'tell'],
  ['a first byte', answeredAs(200), 'tell', 'tell'],
  ['a router that ran nothing, in a 200', answeredAs(200, REFUSED), 'refused', 'refused'],
  ['a call that goes round', answeredAs(508, REFUSED), 'tell', 'tell'],
]

test('what may go elsewhere is what the table says, and nothing of a session does', () => {
  for (const [name, attempt, always, repeatable] of TABLE) {
    const outcome = outcomeOf(attempt)
    const unbound = { isBound: false }
    assert.equal(nextStep(outcome, unbound, { isReplayable: false }), always, name)
    assert.equal(nextStep(outcome, unbound, { isReplayable: true }), repeatable, name)
    for (const isReplayable of [true, false])
      assert.equal(nextStep(outcome, { isBound: true }, { isReplayable }), 'tell', name)
  }
})

test('what an answer holds sends nothing elsewhere', () => {
  for (const rpcCode of [-32_603, -32_602, -32_601, -32_020, -32_021, -32_022, 1])
    for (const status of [200, 400, 404])
      for (const isReplayable of [true, false])
        assert.equal(
          nextStep(
            outcomeOf(answeredAs(status), { rpcCode }),
            { isBound: false },
            { isReplayable },
          ),
          'tell',
        )
  const result = outcomeOf(answeredAs(200), { ended: 'whole' }) // one that says `isError` is a result
  assert.equal(nextStep(result, { isBound: false }, { isReplayable: true }), 'tell')
})

const FREE = {
  retries: 0,
  most: 1,
  isRetry: false,
  leftMs: 60_000,
  retryAfterMs: undefined,
  pool: () => undefined,
} as const

test('each bound denies a retry by its own name', () => {
  assert.equal(denialOf(FREE), undefined)
  assert.equal(denialOf({ ...FREE, retryAfterMs: 1_000 }), undefined)
  assert.equal(denialOf({ ...FREE, retries: 1 }), 'spent')
  assert.equal(denialOf({ ...FREE, most: 0 }), 'spent')
  assert.equal(denialOf({ ...FREE, isRetry: true }), 'is_retry')
  assert.equal(denialOf({ ...FREE, retryAfterMs: 2_000 }), 'retry_after')
  assert.equal(denialOf({ ...FREE, leftMs: 25 }), 'deadline')
  assert.equal(denialOf({ ...FREE, leftMs: 500, retryAfterMs: 600 }), 'deadline')
  assert.equal(denialOf({ ...FREE, pool: () => 'mostly_out' }), 'mostly_out')
  assert.equal(denialOf({ ...FREE, pool: () => 'no_other' }), 'no_other')
})

test('a pause is spread over all of its range, and not shorter than what was asked for', t => {
  const seed = 20_261_127
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const pauses = Array.from({ length: 1_000 }, () => pauseMs(random))
  assert.ok(Math.min(...pauses) >= 25 && Math.min(...pauses) < 27)
  assert.ok(Math.max(...pauses) <= 250 && Math.max(...pauses) > 248)
  assert.equal(pauseMs(random, 1_000), 1_000)
})
