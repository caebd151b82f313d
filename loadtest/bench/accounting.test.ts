// Shares of the machine, and that the kernel's files are read as they are.
import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { momentOf, sharesBetween, treeCpuNs } from './accounting.ts'

const moment = (busyNs: number, ownNs: number, atNs: number, stealNs = 0) => ({
  busyNs,
  ownNs,
  atNs,
  stealNs,
})

test('what ran beside this run is a share of all cores', () => {
  const before = moment(0, 0, 0)
  assert.deepEqual(sharesBetween(before, moment(1_500, 1_000, 1_000, 200), 2), {
    foreign: 0.25,
    steal: 0.1,
  })
})

test('an accounting that is coarser than the run never says less than nothing', () => {
  assert.equal(sharesBetween(moment(0, 0, 0), moment(900, 1_000, 1_000), 2).foreign, 0)
})

const skip = process.platform === 'linux' ? false : 'the accounting is that of Linux'

test("this process's own work is seen", { skip }, () => {
  const before = treeCpuNs(process.pid)
  const moments = momentOf([])
  let sum = 0
  for (let turn = 0; turn < 3_000_000; turn += 1) sum += Math.sqrt(turn)
  assert.ok(sum > 0)
  assert.ok(treeCpuNs(process.pid) > before)
  assert.ok(momentOf([]).ownNs > moments.ownNs)
})

test('a process that is gone used nothing', { skip }, () => {
  assert.equal(treeCpuNs(4_194_304), 0)
})
