// A call of a session can be cancelled from before it is sent until its last byte has left; one without a session cannot be named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { enlist } from './enlist.ts'

const SESSION = { token: 't', serverName: 'default', version: '2025-11-25', members: [] }
const DONE = { kind: 'defect', error: 'x', at: 'y' } as const

test('a cancellation dismisses the caller of the call that it names, while that is under way', () => {
  const calls = new Map<string, () => void>()
  const stage = enlist({
    add: (token, idJson, cancel) => {
      calls.set(`${token} ${idJson}`, cancel)
      return () => void calls.delete(`${token} ${idJson}`)
    },
  })
  const callers = [fakeCaller(), fakeCaller(), fakeCaller()]
  const under = callers.map((caller, index) => {
    const call = callAs({ session: SESSION, message: messageAs({ idJson: String(index) }), caller })
    const verdict = stage.decide(call)
    assert.ok('kind' in verdict && verdict.kind === 'continue')
    return { ...call, ...verdict.facts }
  })
  const gone = (): readonly boolean[] => callers.map(({ isGone }) => isGone)
  calls.get('t 1')?.()
  assert.deepEqual(gone(), [false, true, false])
  void stage.settle?.(under[2] ?? assert.fail(), DONE)
  assert.deepEqual([...calls.keys()], ['t 0', 't 1'])
})

test('a call without a session is not kept', () => {
  const stage = enlist({ add: () => assert.fail('nobody could name it') })
  const call = callAs()
  assert.deepEqual(stage.decide(call), { kind: 'continue', facts: {} })
  void stage.settle?.(call, DONE)
})
