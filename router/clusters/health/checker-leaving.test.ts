// A replica that told a call that it takes no more: out at once, asked at once, and back with the first answer that was asked for after.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from '../endpoint.ts'
import { CheckPace } from './check-pace.ts'
import { Checker, type CheckResult } from './checker.ts'

const GOOD: CheckResult = {
  ok: true,
  learned: { eras: ['modern'], isSessionful: false, tools: toolsNamed('a') },
}
const BAD: CheckResult = { ok: false, reason: 'no answer', isRefused: false }
const POLICY = { intervalMs: 5_000, timeoutMs: 2_000, rise: 2, fall: 2 }

function ground(t: TestContext, answer: () => CheckResult | Promise<CheckResult>) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const endpoint = new Endpoint(instanceAt(8_080))
  const asked: number[] = []
  const changes: boolean[] = []
  const scene = { nowMs: 0 }
  const checker = new Checker(POLICY, {
    check: async () => {
      asked.push(scene.nowMs)
      return answer()
    },
    pace: new CheckPace(() => 0.5),
    clock: { nowMs: () => scene.nowMs, wallMs: () => 0 },
    random: () => 0.5,
    onChange: () => changes.push(endpoint.isRoutable),
    onDown: () => undefined,
  })
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 50) {
      scene.nowMs += 50
      t.mock.timers.tick(50)
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  checker.watch(endpoint)
  return { endpoint, checker, asked, changes, pass }
}

test('it is out at once, asked within a second, and back with its first good answer', async t => {
  const { endpoint, checker, asked, changes, pass } = ground(t, () => GOOD)
  await pass(1_000)
  assert.equal(endpoint.isRoutable, true)
  const before = asked.length
  checker.leaving(endpoint)
  checker.leaving(endpoint)
  assert.deepEqual([endpoint.isRoutable, endpoint.health], [false, 'up'])
  assert.match(endpoint.reason ?? '', /503/)
  await pass(1_000)
  assert.equal(asked.length, before + 1)
  assert.deepEqual([endpoint.isRoutable, endpoint.reason], [true, undefined])
  assert.deepEqual(changes, [true, false, true])
})

test('while it answers no check it stays out, and goes down as any other', async t => {
  let answer: CheckResult = GOOD
  const { endpoint, checker, pass } = ground(t, () => answer)
  await pass(1_000)
  answer = BAD
  checker.leaving(endpoint)
  await pass(4_000)
  assert.deepEqual([endpoint.isRoutable, endpoint.health], [false, 'down'])
  answer = GOOD
  await pass(4_000)
  assert.deepEqual([endpoint.isRoutable, endpoint.isLeaving], [true, false])
})

test('an answer that was asked for before it said so proves nothing', async t => {
  const early = Promise.withResolvers<CheckResult>()
  let answer: CheckResult | Promise<CheckResult> = GOOD
  const { endpoint, checker, pass } = ground(t, () => answer)
  await pass(1_000)
  answer = early.promise
  await pass(5_500) // it is being asked
  checker.leaving(endpoint)
  answer = GOOD
  early.resolve(GOOD)
  await pass(50)
  assert.equal(endpoint.isRoutable, false)
  await pass(1_500)
  assert.equal(endpoint.isRoutable, true)
})
