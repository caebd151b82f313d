// Every combination of what an attempt can produce, held against what it must be told as: nothing is decided twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answeredAs } from '#test/support/fake-body.ts'
import type { AfterHead, Attempt } from './facts.ts'
import { isLateFault, NOT_EXECUTED, type Outcome, outcomeOf, retryAfterMsOf } from './outcome.ts'

const told = (attempt: Attempt, after?: AfterHead): string => {
  const { verdict, fault, isRefusal, isThrottled } = outcomeOf(attempt, after)
  return [verdict, fault, isRefusal ? 'refusal' : '', isThrottled ? 'throttled' : '']
    .filter(word => word !== '')
    .join(' ')
}

const detail = 'x'

test('what had no head is told by how far it came, and by whose side ended it', () => {
  for (const [attempt, expected] of [
    [{ kind: 'not_sent', detail, isNobodyThere: true }, 'not_sent endpoint'],
    [{ kind: 'not_sent', detail, isNobodyThere: false }, 'not_sent endpoint'],
    [{ kind: 'not_sent', detail, isNobodyThere: false, isOurs: true }, 'not_sent us'],
    [{ kind: 'no_answer', detail }, 'unanswered endpoint'],
    [{ kind: 'no_answer', detail, isOurs: true }, 'unanswered us'],
    [{ kind: 'timeout', detail }, 'unanswered endpoint'],
    [{ kind: 'timeout', detail, isCallers: true }, 'unanswered caller'],
    [{ kind: 'abandoned' }, 'unanswered caller'],
  ] as const) {
    assert.equal(told(attempt), expected)
    // Nothing can come after a head that never came.
    assert.equal(told(attempt, { ended: 'cut', rpcCode: -32_603 }), expected)
  }
})

const CODES = [undefined, -32_603, -32_602, -32_601, -32_020, -32_021, -32_022, -31_999, 1] as const
const ENDS = [undefined, 'whole', 'cut', 'unreadable', 'left'] as const

/** The rules as a person would read them aloud, beside the code that is held against them. */
function expected(status: number, isRefused: boolean, after: AfterHead): string {
  if (status === 429) return `answered tool${isRefused ? ' refusal' : ''} throttled`
  if (status === 503) return isRefused ? 'answered tool refusal throttled' : 'unanswered endpoint'
  if (status === 508 && isRefused) return 'answered tool refusal'
  if (status === 200 && isRefused) return 'answered tool refusal throttled'
  if (status === 502 || status === 504) return 'unanswered endpoint'
  if (status >= 500) return 'answered endpoint'
  const ofCode: Readonly<Record<number, string>> = {
    [-32_603]: 'answered endpoint',
    [-32_020]: 'answered us',
    [-32_022]: 'answered us',
  }
  if (status < 400) {
    if (after.ended === 'left') return 'answered caller'
    if (after.ended === 'cut' || after.ended === 'unreadable') return 'unanswered endpoint'
  }
  if (after.rpcCode !== undefined) return ofCode[after.rpcCode] ?? 'answered tool'
  if (after.ended === 'left') return 'answered caller'
  return status >= 400 ? 'answered tool' : 'answered none'
}

test('what had a head is told by status, header, code and end, in every combination', t => {
  let combinations = 0
  const seen = new Set<string>()
  for (const status of [
    200, 202, 302, 400, 401, 403, 404, 408, 422, 429, 500, 501, 502, 503, 504, 508,
  ])
    for (const mark of ['1', '0', undefined])
      for (const rpcCode of CODES)
        for (const ended of ENDS) {
          const attempt = answeredAs(status, mark === undefined ? {} : { [NOT_EXECUTED]: mark })
          const after = {
            ...(rpcCode === undefined ? {} : { rpcCode }),
            ...(ended === undefined ? {} : { ended }),
          }
          const says = told(attempt, after)
          seen.add(says)
          assert.equal(
            says,
            expected(status, mark === '1', after),
            JSON.stringify({ status, mark, ...after }),
          )
          combinations += 1
        }
  t.diagnostic(`${combinations} combinations, ${seen.size} outcomes`)
  assert.equal(seen.size, 9)
})

test('a replica says when it wants to be asked again only where it says that it is busy', () => {
  const after = (status: number): Outcome['retryAfterMs'] =>
    outcomeOf(answeredAs(status, { 'retry-after': '7' })).retryAfterMs
  assert.deepEqual([429, 503, 502, 500, 400, 200].map(after), [
    7_000,
    7_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('only whole seconds of Retry-After are read', () => {
  const none = undefined
  assert.deepEqual(
    ['7', '0', none, '', '-1', '1.5', 'Wed, 21 Oct 2026 07:28:00 GMT', '1234567'].map(
      retryAfterMsOf,
    ),
    [7_000, 0, none, none, none, none, none, none],
  )
})

test('a fault is late when the head did not show it', () => {
  assert.equal(isLateFault(answeredAs(200), { ended: 'cut' }), true)
  assert.equal(isLateFault(answeredAs(400), { rpcCode: -32_603 }), true)
  assert.equal(isLateFault(answeredAs(503), { ended: 'cut' }), false, 'it has been counted')
  assert.equal(isLateFault(answeredAs(200), { ended: 'left' }), false)
  assert.equal(isLateFault(answeredAs(200), { ended: 'whole' }), false)
})

test('the usual outcome is made once, not once a call', () => {
  assert.equal(outcomeOf(answeredAs(200)), outcomeOf(answeredAs(200)))
})
