// Turns are even, whatever the number of members. Time is the test's.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CheckPace } from './check-pace.ts'
import { Round } from './round.ts'

const INTERVAL_MS = 5_000

/** Members come back into the round at their turn. */
function ground(t: TestContext, members: number, perSecond: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const turns: { readonly member: number; readonly atMs: number }[] = []
  let nowMs = 0
  const round = new Round<number>(INTERVAL_MS, {
    pace: new CheckPace(() => 0.5, perSecond),
    random: () => 0.5,
    onTurn: member => {
      turns.push({ member, atMs: nowMs })
      round.add(member)
    },
  })
  for (let member = 0; member < members; member += 1) round.add(member)
  const pass = (ms: number): void => {
    for (let step = 0; step < ms; step += 10) {
      nowMs += 10
      t.mock.timers.tick(10)
    }
  }
  return { round, turns, pass }
}

test('one member has its turn every interval, ten have one every tenth of it', t => {
  const one = ground(t, 1, 100)
  one.pass(10_000)
  assert.deepEqual(
    one.turns.map(({ atMs }) => atMs),
    [5_000, 10_000],
  )
  t.mock.timers.reset()
  const ten = ground(t, 10, 100)
  ten.pass(15_000)
  const first = ten.turns.filter(({ member }) => member === 0).map(({ atMs }) => atMs)
  assert.deepEqual([ten.turns.length, first[1]], [21, (first[0] ?? 0) + INTERVAL_MS])
})

test('very many have no more turns than there are, each its own in the order of the round', t => {
  const { round, turns, pass } = ground(t, 1_000, 50)
  assert.equal(round.intervalMs, 20_000)
  pass(30_000)
  assert.ok(turns.length > 1_200 && turns.length <= 1_500, String(turns.length))
  assert.deepEqual(
    turns.slice(0, 1_000).map(({ member }) => member),
    Array.from({ length: 1_000 }, (_, member) => member),
  )
})

test('turns that come close are taken three at a time, as many as before', t => {
  const { turns, pass } = ground(t, 1_000, 100)
  pass(10_000)
  const times = new Set(turns.map(({ atMs }) => atMs))
  assert.ok(turns.length > 400 && turns.length <= 1_000, String(turns.length))
  assert.ok(times.size * 2.5 <= turns.length, `${times.size} wake-ups for ${turns.length} turns`)
})

test('when most of them leave, the others have their turns at their interval again', t => {
  const { round, turns, pass } = ground(t, 1_000, 50)
  pass(10_000)
  for (let member = 1; member < 1_000; member += 1) round.delete(member)
  turns.length = 0
  pass(20_000)
  assert.ok(turns.length >= 3 && turns.every(({ member }) => member === 0), String(turns.length))
})

test('closed or empty, it has no turn', t => {
  const { round, turns, pass } = ground(t, 2, 50)
  round.delete(0)
  round.delete(1)
  pass(20_000)
  round.add(1)
  round.close()
  pass(20_000)
  assert.deepEqual(turns, [])
})
