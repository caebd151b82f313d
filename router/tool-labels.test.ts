// Which names of tools become labels: the first ones of each cluster, and never more than there is room for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolLabels } from './tool-labels.ts'

test('the first two hundred names of a cluster are labels for ever, all others are one', () => {
  const labels = new ToolLabels()
  const names = Array.from({ length: 1_000 }, (_, index) => `tool-${index}`)
  const given = names.map(name => labels.labelOf('crm', name))
  assert.deepEqual(given.slice(0, 200), names.slice(0, 200))
  assert.deepEqual(new Set(given.slice(200)), new Set(['other']))
  assert.equal(labels.labelOf('crm', 'tool-0'), 'tool-0')
})

test('one cluster takes no name away from another', () => {
  const labels = new ToolLabels()
  for (let index = 0; index < 1_000; index += 1) labels.labelOf('crm', `tool-${index}`)
  assert.equal(labels.labelOf('web', 'search'), 'search')
})

test('a name that no chart can show is no label', () => {
  const labels = new ToolLabels()
  assert.equal(labels.labelOf('crm', 'x'.repeat(128)), 'x'.repeat(128))
  assert.equal(labels.labelOf('crm', 'x'.repeat(129)), 'other')
})

test('clusters come and go, and what is kept of them is bounded', () => {
  const labels = new ToolLabels()
  for (let index = 0; index < 500; index += 1) labels.labelOf(`cluster-${index}`, 'search')
  assert.equal(labels.labelOf('one-more', 'search'), 'other')
  assert.equal(labels.labelOf('cluster-0', 'find'), 'find')
})
