// A path names a virtual server, or nothing is offered there; the server says what its calls are worth.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAs } from '#test/support/call-facts.ts'
import { locate } from './locate.ts'

const { server } = callAs()
const CLAUDE = { name: 'claude', shims: ['flat-schemas'] } as const
const stage = locate({
  server: name => (name === 'default' ? server : undefined),
  assistant: ({ client }) => (client === 'claude-ai' ? CLAUDE : undefined),
})

test('the server of the path is found, and any other name is unknown', () => {
  assert.deepEqual(stage.decide(callAs()), {
    kind: 'continue',
    facts: { server, criticality: 'critical' },
  })
  assert.deepEqual(stage.decide(callAs({ serverName: 'sales' })), {
    kind: 'refuse',
    refusal: { code: 'RINGMAIN_UNKNOWN_SERVER' },
  })
})

test('a caller that asks for less is given less, and one that asks for more is not given more', () => {
  for (const [askedCriticality, criticality] of [
    ['sheddable', 'sheddable'],
    ['critical_plus', 'critical'],
  ] as const) {
    const facts = { server, criticality }
    assert.deepEqual(stage.decide(callAs({ askedCriticality })), { kind: 'continue', facts })
  }
})

test('who says that it is an assistant of a document is taken for it, in the record, too; anybody else is nobody', () => {
  const facts = { server, criticality: 'critical' }
  const known = callAs({ introduced: { client: 'claude-ai' } })
  assert.deepEqual(stage.decide(known), {
    kind: 'continue',
    facts: { ...facts, assistant: CLAUDE },
  })
  assert.equal(known.trail.assistant, 'claude')
  const other = callAs({ introduced: { client: 'other', userAgent: 'claude-ai' } })
  assert.deepEqual(stage.decide(other), { kind: 'continue', facts })
  assert.equal(other.trail.assistant, undefined)
})
