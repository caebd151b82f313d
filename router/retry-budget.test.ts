// Retries stay a small share of the calls of the last two seconds, and of those in flight, on a clock that the test turns.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterPolicy } from '#test/support/cluster-policy.ts'
import { RetryBudget, RetryBudgets } from './retry-budget.ts'

const POLICY = { max: 1, budget: 0.1, minPerSecond: 0, maxConcurrent: 0.2 }

const WANTED = { isRetry: false, leftMs: 1_000, retryAfterMs: undefined, pool: () => undefined }

function ground(policy = POLICY) {
  const time = { nowMs: 5_000_000 }
  const budget = new RetryBudget(policy, () => time.nowMs)
  return {
    time,
    budget,
    /** Calls that came and ended. */
    calls: (count: number) => {
      for (let call = 0; call < count; call += 1) {
        budget.begin().end()
      }
    },
    /** Retries, one after the other, until one is denied. */
    retries: (): readonly [number, string | undefined] => {
      for (let taken = 0; ; taken += 1) {
        const denial = budget.take()
        if (denial !== undefined) return [taken, denial]
        budget.over()
      }
    },
  }
}

test('calls earn retries by their share, and each is spent once', () => {
  const { calls, retries } = ground()
  calls(9)
  assert.deepEqual(retries(), [0, 'budget'])
  calls(1)
  assert.deepEqual(retries(), [1, 'budget'])
  calls(90)
  assert.deepEqual(retries(), [9, 'budget'])
})

test('what calls earned is worth nothing after two seconds, and what was spent is forgotten as well', () => {
  const { calls, retries, time } = ground()
  calls(100)
  time.nowMs += 1_799
  assert.deepEqual(retries(), [10, 'budget'])
  time.nowMs += 201
  calls(10)
  assert.deepEqual(retries(), [0, 'budget'], 'the calls are too old, the retries are not')
  time.nowMs += 1_801
  assert.deepEqual(retries(), [1, 'budget'], 'now the ten later calls count alone')
  time.nowMs += 3_600_000
  assert.deepEqual(retries(), [0, 'budget'])
})

test('a few retries a second are allowed where there are hardly any calls', () => {
  const { retries, time } = ground({ ...POLICY, minPerSecond: 3 })
  assert.deepEqual(retries(), [6, 'budget'])
  time.nowMs += 2_000
  assert.deepEqual(retries(), [6, 'budget'])
})

test('retries are a share of what is in flight, and three where that is little', () => {
  const { budget, calls } = ground()
  calls(10_000)
  const taken = (): number => {
    let count = 0
    while (budget.take() === undefined) count += 1
    return count
  }
  assert.equal(taken(), 3)
  assert.equal(budget.take(), 'busy')
  const turns = Array.from({ length: 50 }, () => budget.begin())
  assert.equal(taken(), 7, 'ten of fifty')
  budget.over()
  assert.equal(taken(), 1)
  for (const turn of turns) turn.end()
  assert.equal(budget.take(), 'busy')
})

test('a steady outage of everything adds no more than its share, after the first second as within it', t => {
  const { budget, time, calls } = ground({ ...POLICY, minPerSecond: 5 })
  calls(0)
  const retriesBySecond: number[] = []
  for (let second = 0; second < 10; second += 1) {
    let retries = 0
    for (let call = 0; call < 300; call += 1) {
      time.nowMs += 1_000 / 300
      const turn = budget.begin()
      if (turn.again(WANTED) === undefined) retries += 1
      turn.end()
    }
    retriesBySecond.push(retries)
  }
  const shares = retriesBySecond.map(count => count / 300)
  t.diagnostic(`retries for each call, by second: ${shares.map(one => one.toFixed(3)).join(' ')}`)
  assert.ok(Math.max(...shares.slice(1)) <= 0.25)
  assert.ok((shares[0] ?? 1) <= 0.5)
})

test('a pool to which nothing can be sent is tried little more than once a call, and one replica that is lost costs nothing', t => {
  const { budget, time, calls } = ground({ ...POLICY, max: 0 })
  const one = Array.from({ length: 40 }, () => budget.begin().elsewhere())
  assert.deepEqual(
    one.filter(denial => denial !== undefined),
    [],
    'all that it was given at once',
  )
  time.nowMs += 10_000
  const triesBySecond: number[] = []
  calls(600)
  for (let second = 0; second < 10; second += 1) {
    let tries = 0
    for (let call = 0; call < 300; call += 1) {
      time.nowMs += 1_000 / 300
      const turn = budget.begin()
      do tries += 1
      while (turn.elsewhere() === undefined)
      turn.end()
    }
    triesBySecond.push(tries / 300)
  }
  t.diagnostic(
    `tries for each call, by second: ${triesBySecond.map(one => one.toFixed(3)).join(' ')}`,
  )
  assert.ok(Math.max(...triesBySecond.slice(1)) <= 1.25)
  assert.ok((triesBySecond[0] ?? 9) <= 1.5)
})

test('a call takes one retry after the other, gives each back, and no more than its policy allows', () => {
  const { budget, calls } = ground({ ...POLICY, max: 2 })
  calls(1_000)
  const turn = budget.begin()
  assert.equal(turn.again(WANTED), undefined)
  assert.equal(turn.again(WANTED), undefined)
  assert.equal(turn.again(WANTED), 'spent')
  assert.equal(turn.retries, 2)
  turn.end()
  const others = Array.from({ length: 3 }, () => budget.begin())
  for (const other of others) assert.equal(other.again(WANTED), undefined, 'nothing is left taken')
  assert.equal(budget.begin().again(WANTED), 'busy')
  for (const other of others) other.end()
  assert.equal(budget.begin().again({ ...WANTED, isRetry: true }), 'is_retry')
  assert.equal(budget.begin().again(WANTED), undefined)
})

test('each cluster has a budget of its own, and keeps it', () => {
  const budgets = new RetryBudgets(() => 1)
  const [one, other] = [clusterPolicy('a'), clusterPolicy('a')]
  assert.equal(budgets.of(one), budgets.of(one))
  assert.notEqual(budgets.of(one), budgets.of(other))
})
