// What counts as a difference between two sessions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from './differences.ts'

test('a field that is lost, added or changed is named with its path', () => {
  const direct = [['list', { tools: [{ name: 'a', x: 1 }] }]] as const
  assert.deepEqual(differences(direct, [['list', { tools: [{ name: 'b', x: 1 }] }]]), [
    'list: .tools.0.name direct is "a" through is "b"',
  ])
  assert.deepEqual(differences(direct, [['list', { tools: [{ name: 'a' }] }]]), [
    'list: .tools.0.x direct is 1 through is absent',
  ])
})

test('what an intermediary makes anew is none, and another step is one', () => {
  const direct = [['list', { tools: [], ttlMs: 0, cacheScope: 'private' }]] as const
  assert.deepEqual(differences(direct, [['list', { tools: [], ttlMs: 9 }]]), [])
  assert.equal(differences(direct, []).length, 1)
  const told = { ...direct[0][1], _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'x' } } }
  assert.deepEqual(differences(direct, [['list', told]]), [])
})
