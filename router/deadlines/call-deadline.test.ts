// What a call's deadline is made of: the policy's, the caller's, what was spent before, and what progress adds.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CallDeadline, type Limits } from './call-deadline.ts'
import { DeadlineWheel } from './deadline-wheel.ts'

const POLICY = { defaultMs: 1_000, maxMs: 5_000 }

function timed(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 10_000
  const wheel = new DeadlineWheel(() => nowMs)
  return {
    wheel,
    deadline: (limits: Partial<Limits> = {}) =>
      new CallDeadline(wheel, () => nowMs, { arrivedMs: nowMs, policy: POLICY, ...limits }),
    pass: (ms: number): void => {
      for (let step = 0; step < ms; step += 10) {
        nowMs += 10
        t.mock.timers.tick(10)
      }
    },
  }
}

test('a call has what the policy gives it, less what was spent before', t => {
  const { deadline, pass } = timed(t)
  const call = deadline({ arrivedMs: 9_700 })
  assert.equal(call.leftMs(), 700)
  pass(800)
  assert.equal(call.isOver, true)
  assert.equal(call.leftMs(), 0)
})

test('the shorter of policy and caller counts, and it is known whose it was', t => {
  const { deadline } = timed(t)
  assert.equal(deadline({ askedMs: 300 }).leftMs(), 300)
  assert.equal(deadline({ askedMs: 300 }).isCallers, true)
  assert.equal(deadline({ askedMs: 30_000 }).leftMs(), 1_000)
  assert.equal(deadline({ askedMs: 30_000 }).isCallers, false)
  assert.equal(deadline().isCallers, false)
})

test('a call that progress takes as far as its caller allows ends by the caller’s word', t => {
  const { deadline, pass } = timed(t)
  const call = deadline({ askedMs: 1_500 })
  assert.equal(call.isCallers, false)
  pass(900)
  call.extend()
  assert.equal(call.leftMs(), 600)
  assert.equal(call.isCallers, true)
})

test('one that is over when it is made says so at once, and takes no place on the wheel', t => {
  const { deadline, wheel } = timed(t)
  const call = deadline({ askedMs: 0 })
  let told = 0
  call.onOver(() => void (told += 1))
  assert.deepEqual([call.isOver, told, wheel.size], [true, 1, 0])
})

test('only the newest listener is told, once', t => {
  const { deadline, pass } = timed(t)
  const call = deadline()
  const told: string[] = []
  call.onOver(() => void told.push('older'))
  call.onOver(() => void told.push('newest'))
  pass(3_000)
  assert.deepEqual(told, ['newest'])
})

test('progress gives the default again each time, and never more than the hard maximum', t => {
  const { deadline, pass } = timed(t)
  const call = deadline()
  for (let beat = 0; beat < 6; beat += 1) {
    pass(800)
    call.extend()
  }
  assert.equal(call.isOver, false)
  assert.equal(call.leftMs(), 200) // 4.8 of at most 5 seconds are gone
  pass(300)
  assert.equal(call.isOver, true)
})

test('progress does not extend what the caller has set: nobody waits any longer', t => {
  const { deadline, pass } = timed(t)
  const call = deadline({ askedMs: 600 })
  pass(500)
  call.extend()
  assert.equal(call.leftMs(), 100)
})

test('progress never shortens, and one that has ended is told nothing more', t => {
  const { deadline, pass, wheel } = timed(t)
  const call = deadline()
  call.extend()
  assert.equal(call.leftMs(), 1_000)
  call.onOver(() => assert.fail('told after its end'))
  call.close()
  pass(3_000)
  assert.equal(wheel.size, 0)
})
