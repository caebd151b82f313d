// The report of a test run: what counts as a failure, and the one fixed form of its last line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestLine } from './event-lines.ts'
import type { FileResult } from './test-file.ts'
import { exitCodeOf, fileReport, finalReport, refuseMissingParts } from './test-report.ts'

const result = (...lines: readonly TestLine[]): FileResult => ({
  file: 'a.test.ts',
  ms: 12,
  lines,
  output: 'printed by the file\n',
})
const passed: TestLine = { kind: 'passed', name: 'a' }
const failed: TestLine = { kind: 'failed', name: 'b', error: 'expected 1, got 2' }
const skipped: TestLine = { kind: 'skipped', name: 'c', reason: 'needs consul: no binary' }

test('the counts stand alone on the last line, after every skip with its reason', () => {
  const lines = finalReport([result(passed, skipped), result(failed)]).split('\n')
  assert.deepEqual(lines, [
    'skipped: needs consul: no binary (a.test.ts: c)',
    'failed: a.test.ts: b',
    '1 passed, 1 failed, 1 skipped',
  ])
})

test('a run in which no test ran is a failure and says so', () => {
  assert.equal(exitCodeOf([]), 1)
  assert.equal(exitCodeOf([result(skipped)]), 1)
  assert.match(finalReport([]), /failed: no test ran\n0 passed, 0 failed, 0 skipped$/)
})

test('one failure fails the run, and skips alone do not', () => {
  assert.equal(exitCodeOf([result(passed, failed)]), 1)
  assert.equal(exitCodeOf([result(passed, skipped)]), 0)
})

test('a failure is shown in full with what the file printed, and a success in one line', () => {
  assert.match(fileReport(result(passed)), /^ok .*a\.test\.ts$/)
  const report = fileReport(result(failed))
  assert.match(report, /FAILED b\n {4}expected 1, got 2/)
  assert.match(report, /printed by the file/)
  assert.match(report, /alone: node --test a\.test\.ts/)
})

test('where real parts are required, a test skipped for want of one has failed', () => {
  const other: TestLine = { kind: 'skipped', name: 'd', reason: 'a document cannot fail' }
  const judged = refuseMissingParts(result(passed, skipped, other))
  assert.equal(exitCodeOf([judged]), 1)
  assert.match(finalReport([judged]), /1 passed, 1 failed, 1 skipped$/)
})
