// A path names a virtual server, or nothing is offered there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAs } from '#test/support/call-facts.ts'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { locate } from './locate.ts'

test('the server of the path is found, and any other name is unknown', () => {
  const { server } = callAs()
  const stage = locate({ server: name => (name === 'default' ? server : undefined) })
  assert.deepEqual(stage.decide(arrivedAs()), { kind: 'continue', facts: { server } })
  assert.deepEqual(stage.decide(arrivedAs({ serverName: 'sales' })), {
    kind: 'refuse',
    refusal: { code: 'RINGMAIN_UNKNOWN_SERVER' },
  })
})
