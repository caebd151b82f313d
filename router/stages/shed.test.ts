// What is refused under overload, and that a call is weighed once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Criticality } from '#routes/criticality.ts'
import { callAs } from '#test/support/call-facts.ts'
import { shed } from './shed.ts'

const weighing = (refused: readonly Criticality[]) => {
  const weighed: Criticality[] = []
  const stage = shed({
    refusalOf: criticality => {
      weighed.push(criticality)
      return refused.includes(criticality) ? { code: 'RINGMAIN_OVERLOADED' } : undefined
    },
  })
  return { weighed, stage }
}

test('a legacy call is weighed by what it is worth', () => {
  const { stage } = weighing(['sheddable'])
  assert.deepEqual(stage.decide(callAs({ era: 'legacy', criticality: 'sheddable' })), {
    kind: 'refuse',
    refusal: { code: 'RINGMAIN_OVERLOADED' },
  })
  assert.deepEqual(stage.decide(callAs({ era: 'legacy', criticality: 'sheddable_plus' })), {
    kind: 'continue',
    facts: {},
  })
})

test('a modern call was weighed by its head, and is not weighed again', () => {
  const { stage, weighed } = weighing(['critical'])
  assert.deepEqual(stage.decide(callAs()), { kind: 'continue', facts: {} })
  assert.deepEqual(weighed, [])
})
