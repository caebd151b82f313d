// How a run of the suite is shown: what was missed is never lost among what was met.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Check } from './suite.ts'
import { counted, scenarioTable } from './table.ts'

const check = (id: string, isMet: boolean, says = ''): Check => ({
  id,
  isMet,
  says,
  description: id,
})

const scenarios = [
  { name: 'ping', checks: [check('pong', true)] },
  { name: 'tools-list', checks: [check('a', true), check('b', false, 'no tools\n  at all')] },
]

test('a row a scenario, and under it what was missed, on one line', () => {
  assert.deepEqual(scenarioTable(scenarios).split('\n'), [
    '  ok    ping        1 of 1',
    '  MISS  tools-list  1 of 2',
    '          b: no tools at all',
  ])
})

test('the counts are of scenarios and of checks', () => {
  assert.equal(counted(scenarios), '1 of 2 scenarios, 2 of 3 checks')
  assert.equal(counted([]), '0 of 0 scenarios, 0 of 0 checks')
})
