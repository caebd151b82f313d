// What is shown of a breaker: its state with times as they pass, and why no calls go there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakerView, reasonOf, type ShownBreaker } from './breaker-view.ts'

const shown = (view: ReturnType<ShownBreaker['view']>) => breakerView({ view: () => view }, 10_000)

test('an ejected replica tells why, since when, and when it is tried again', () => {
  const view = shown({
    state: 'open',
    why: 'consecutive_faults',
    sinceMs: 9_000,
    untilMs: 12_000.4,
    isForced: false,
    wouldBeEjected: false,
  })
  assert.deepEqual(view, {
    state: 'open',
    why: 'too many faults in a row',
    sinceAgoMs: 1_000,
    probeInMs: 2_000,
    isForced: false,
    wouldBeEjected: false,
  })
  assert.equal(reasonOf(view), 'ejected: too many faults in a row, tried again in 2.0s')
})

test('one that waits for its probe, and one that is held open, say so', () => {
  const rest = { isForced: false, wouldBeEjected: false, sinceMs: 0 }
  assert.equal(
    reasonOf(shown({ ...rest, state: 'half_open', why: 'success_rate' })),
    'ejected: too few good answers, the next call tries it',
  )
  assert.equal(
    reasonOf(shown({ ...rest, state: 'open', why: 'forced', isForced: true })),
    'ejected: held open by hand',
  )
})

test('a closed breaker is no reason', () => {
  assert.equal(
    reasonOf(shown({ state: 'closed', isForced: false, wouldBeEjected: true })),
    undefined,
  )
})
