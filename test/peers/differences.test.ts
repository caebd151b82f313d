// What counts as a difference between two sessions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from './differences.ts'

const PINNED = { findsOut: false }
const FINDS_OUT = { findsOut: true }

test('a field that is lost, added or changed is named with its path', () => {
  const direct = [['list', { tools: [{ name: 'a', x: 1 }] }]] as const
  assert.deepEqual(differences(direct, [['list', { tools: [{ name: 'b', x: 1 }] }]], PINNED), [
    'list: .tools.0.name direct is "a" through is "b"',
  ])
  assert.deepEqual(differences(direct, [['list', { tools: [{ name: 'a' }] }]], FINDS_OUT), [
    'list: .tools.0.x direct is 1 through is absent',
  ])
  assert.deepEqual(differences([['call', {}]], [['call', { structured: {} }]], PINNED), [
    'call: .structured direct is absent through is {}',
  ])
})

test('what an intermediary makes anew is none, and another step is one', () => {
  const direct = [['list', { tools: [], ttlMs: 0, cacheScope: 'private' }]] as const
  assert.deepEqual(differences(direct, [['list', { tools: [], ttlMs: 9 }]], PINNED), [])
  assert.equal(differences(direct, [], PINNED).length, 1)
  const told = { ...direct[0][1], _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'x' } } }
  assert.deepEqual(differences(direct, [['list', told]], PINNED), [])
})

test('what one era has alone is none where the client finds out which, and one where it does not', () => {
  const direct = [['list', { tools: [{ name: 'a', execution: {} }] }]] as const
  const through = [['list', { tools: [{ name: 'a' }], resultType: 'complete' }]] as const
  assert.deepEqual(differences(direct, through, FINDS_OUT), [])
  assert.equal(differences(direct, through, PINNED).length, 2)
})

test('of capabilities it may differ what is heard, and not what there is', () => {
  const connected = (capabilities: object) => [['connect', { capabilities }]] as const
  const direct = connected({ tools: { listChanged: true }, tasks: {}, prompts: {} })
  assert.deepEqual(differences(direct, connected({ tools: {}, prompts: {} }), PINNED), [])
  assert.deepEqual(differences(direct, connected({ tools: {} }), PINNED), [
    'connect: .capabilities.prompts direct is {} through is absent',
  ])
  assert.equal(
    differences([['list', { tasks: [] }]], [['list', { tasks: [1] }]], PINNED).length,
    1,
    'tasks are a capability there alone',
  )
})
