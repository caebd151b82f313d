// The shared tick: calls are told late by no more than one tick, cost no timer each, and leave nothing behind.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { DeadlineWheel, type Spoke, TICK_MS } from './deadline-wheel.ts'

function turningWheel(t: TestContext, startMs = 1_000) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = startMs
  const wheel = new DeadlineWheel(() => nowMs)
  return {
    wheel,
    nowMs: () => nowMs,
    /** Time goes on in steps that are no multiple of a tick, as a loop's turns do. */
    pass: (ms: number, stepMs = 7): void => {
      for (let left = ms; left > 0; left -= stepMs) {
        const step = Math.min(left, stepMs)
        nowMs += step
        t.mock.timers.tick(step)
      }
    },
    /** The loop was held: nothing turned while time went on. */
    hang: (ms: number): void => {
      nowMs += ms
      t.mock.timers.tick(TICK_MS)
    },
  }
}

const spokeAt = (dueMs: number, fire: () => void = () => undefined): Spoke => ({
  dueMs,
  fire,
  slot: undefined,
})

test('every call is told at its moment or within a tick of it, never before, whatever the distance', t => {
  const { wheel, nowMs, pass } = turningWheel(t)
  const seed = 7
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const late: number[] = []
  const dues = Array.from({ length: 500 }, () => nowMs() + Math.floor(random() * 60_000))
  for (const dueMs of dues) wheel.add(spokeAt(dueMs, () => void late.push(nowMs() - dueMs)))
  pass(61_000)
  assert.equal(late.length, dues.length)
  assert.ok(Math.min(...late) >= 0, `told ${-Math.min(...late)} ms too early`)
  assert.ok(Math.max(...late) <= 2 * TICK_MS, `told ${Math.max(...late)} ms late`)
})

test('one that was taken off is never told, and the count is back at nothing', t => {
  const { wheel, nowMs, pass } = turningWheel(t)
  const spoke = spokeAt(nowMs() + 100, () => assert.fail('told after its end'))
  wheel.add(spoke)
  wheel.delete(spoke)
  wheel.delete(spoke)
  pass(300)
  assert.equal(wheel.size, 0)
})

test('one that was extended is told at its new moment only', t => {
  const { wheel, nowMs, pass } = turningWheel(t)
  let toldMs = 0
  const spoke = spokeAt(nowMs() + 100, () => void (toldMs = nowMs()))
  wheel.add(spoke)
  pass(50)
  spoke.dueMs += 20_000
  const dueMs = spoke.dueMs
  pass(20_000)
  assert.equal(toldMs, 0)
  pass(2 * TICK_MS + 50)
  assert.ok(toldMs >= dueMs && toldMs <= dueMs + 2 * TICK_MS, `due ${dueMs}, told ${toldMs}`)
})

test('the tick ends when there was no call for a second, and is not begun anew for each of those that come one by one', t => {
  const { wheel, nowMs, pass } = turningWheel(t)
  const started = t.mock.method(globalThis, 'setInterval')
  assert.equal(wheel.isTurning, false)
  for (let index = 0; index < 100; index += 1) {
    const spoke = spokeAt(nowMs() + 1_000)
    wheel.add(spoke)
    wheel.delete(spoke)
  }
  assert.equal(started.mock.callCount(), 1)
  assert.equal(wheel.isTurning, true)
  pass(500)
  assert.equal(wheel.isTurning, true)
  pass(600)
  assert.equal(wheel.isTurning, false)
})

test('a loop that was held longer than a turn of the wheel tells all that came due, in one turn', t => {
  const { wheel, nowMs, hang } = turningWheel(t)
  let told = 0
  for (let index = 0; index < 1_000; index += 1)
    wheel.add(spokeAt(nowMs() + 20 * index, () => void (told += 1)))
  hang(30_000)
  assert.equal(told, 1_000)
})

test('calls that are told may end others and begin new ones while the wheel looks', t => {
  const { wheel, nowMs, pass } = turningWheel(t)
  const told: string[] = []
  const other = spokeAt(nowMs() + 100, () => void told.push('other'))
  const fresh = spokeAt(0, () => void told.push('fresh'))
  wheel.add(
    spokeAt(nowMs() + 100, () => {
      told.push('first')
      wheel.delete(other)
      fresh.dueMs = nowMs() + 10
      wheel.add(fresh)
    }),
  )
  wheel.add(other)
  pass(300)
  assert.deepEqual(told, ['first', 'fresh'])
  assert.equal(wheel.size, 0)
})

test('what is to be done after a while is done once, or not at all when it is taken back', t => {
  const { wheel, pass } = turningWheel(t)
  const done: string[] = []
  wheel.after(1_000, () => done.push('one'))
  const takeBack = wheel.after(1_000, () => done.push('two'))
  pass(990)
  assert.deepEqual(done, [])
  takeBack()
  pass(2_000)
  assert.deepEqual(done, ['one'])
  assert.equal(wheel.size, 0)
})
