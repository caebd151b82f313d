// The stage that sets a call's time: what it is made of, what is over already, and that it ends with the call.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAs } from '#test/support/call-facts.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { deadline } from './deadline.ts'

test('policy, arrival and the caller’s word make the deadline, and it ends with the call', () => {
  const opened: unknown[] = []
  const { deadline: of, log } = fakeDeadline()
  const stage = deadline({
    open: limits => {
      opened.push(limits)
      return of
    },
  })
  const call = callAs({ arrivedMs: 7, askedMs: 250 })
  assert.deepEqual(stage.decide(call), { kind: 'continue', facts: { deadline: of } })
  assert.deepEqual(opened, [{ arrivedMs: 7, askedMs: 250, policy: call.cluster.deadline }])
  void stage.settle?.({ ...call, deadline: of }, { kind: 'defect', error: 'x', at: 'y' })
  assert.deepEqual(log, ['close'])
})

test('a call whose time was over before it could begin is refused, and not executed', () => {
  const over = fakeDeadline({ isOver: true })
  const verdict = deadline({ open: () => over.deadline }).decide(callAs())
  assert.deepEqual(verdict, { kind: 'refuse', refusal: { code: 'RINGMAIN_DEADLINE_EXCEEDED' } })
})
