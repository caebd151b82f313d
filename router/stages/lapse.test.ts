// A session ends with the answer that it is not known, and with no other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { McpAnswer, Session } from '#router/facts.ts'
import type { Outcome } from '#router/pipeline/stage.ts'
import { callAs } from '#test/support/call-facts.ts'
import { lapse } from './lapse.ts'

const SESSION: Session = { token: 't', serverName: 'default', version: '2025-11-25', members: [] }

const refusedAs = (code: 'RINGMAIN_SESSION_UNKNOWN' | 'RINGMAIN_OUTCOME_UNKNOWN') =>
  ({ kind: 'refused', refusal: { code }, by: 'forward' }) as const

function lapsedBy(outcome: Outcome<McpAnswer>, session: Session | undefined): readonly Session[] {
  const lapsed: Session[] = []
  const stage = lapse({ lapsed: one => void lapsed.push(one) })
  const call = session === undefined ? callAs() : callAs({ session })
  assert.deepEqual(stage.decide(call), { kind: 'continue', facts: {} })
  void stage.settle?.(call, outcome)
  return lapsed
}

test('a session whose caller was told that it is not known is over', () => {
  assert.deepEqual(lapsedBy(refusedAs('RINGMAIN_SESSION_UNKNOWN'), SESSION), [SESSION])
})

test('any other end of a call leaves its session, and a call without one has none to lose', () => {
  const answered = { kind: 'answered', answer: { kind: 'accepted' }, by: 'notice' } as const
  assert.deepEqual(lapsedBy(refusedAs('RINGMAIN_OUTCOME_UNKNOWN'), SESSION), [])
  assert.deepEqual(lapsedBy(answered, SESSION), [])
  assert.deepEqual(lapsedBy({ kind: 'defect', error: 'x', at: 'y' }, SESSION), [])
  assert.deepEqual(lapsedBy(refusedAs('RINGMAIN_SESSION_UNKNOWN'), undefined), [])
})
