// How many replicas are asked at once, and how fast, when there are very many of them. Time is the test's.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from '../endpoint.ts'
import { CheckPace, REPEATS_A_SECOND } from './check-pace.ts'
import { Checker, type CheckResult } from './checker.ts'

const COUNT = 1_000
const STEP_MS = 5
const GOOD: CheckResult = {
  ok: true,
  learned: { eras: ['modern'], isSessionful: false, tools: toolsNamed() },
}
const REFUSED: CheckResult = { ok: false, reason: 'ECONNREFUSED', isRefused: true }

function ground(t: TestContext, check: (endpoint: Endpoint) => CheckResult) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: { readonly endpoint: Endpoint; readonly atMs: number }[] = []
  let nowMs = 0
  const random = seededRandom(5)
  const checker = new Checker(
    { intervalMs: 5_000, timeoutMs: 2_000, rise: 2, fall: 3 },
    {
      check: endpoint => {
        asked.push({ endpoint, atMs: nowMs })
        return Promise.resolve(check(endpoint))
      },
      pace: new CheckPace(random),
      clock: { nowMs: () => nowMs, wallMs: () => 0 },
      random,
      onChange: () => undefined,
      onDown: () => undefined,
    },
  )
  t.after(() => checker.close())
  const endpoints = Array.from({ length: COUNT }, (_, number) => new Endpoint(instanceAt(number)))
  for (const endpoint of endpoints) checker.watch(endpoint)
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += STEP_MS) {
      nowMs += STEP_MS
      t.mock.timers.tick(STEP_MS)
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve()
    }
  }
  const between = (fromMs: number, toMs: number): number =>
    asked.filter(({ atMs }) => atMs > fromMs && atMs <= toMs).length
  return { checker, endpoints, asked, pass, between }
}

for (const [what, result] of [
  ['well', GOOD],
  ['down', REFUSED],
] as const)
  test(`a thousand replicas that are ${what} are asked once within two seconds, and then no faster than the pace`, async t => {
    const { asked, pass, between } = ground(t, () => result)
    await pass(2_000)
    assert.ok(between(0, 100) <= 60, `${between(0, 100)} in the first 100 ms`)
    assert.equal(new Set(asked.map(({ endpoint }) => endpoint)).size, COUNT)
    await pass(28_000)
    const most = REPEATS_A_SECOND * 1.1
    for (let fromMs = 3_000; fromMs < 30_000; fromMs += 3_000) {
      const perSecond = between(fromMs, fromMs + 3_000) / 3
      assert.ok(perSecond > 0 && perSecond <= most, `${perSecond} a second from ${fromMs} ms on`)
    }
  })

test('among a thousand, one that traffic finds ill is asked at once and is out in two seconds, and back in two when it is well', async t => {
  let isIll = false
  const scene = ground(t, endpoint =>
    isIll && endpoint === scene.endpoints[500]
      ? { ok: false, reason: 'no answer', isRefused: false }
      : GOOD,
  )
  const { checker, endpoints, asked, pass } = scene
  const ill = endpoints[500] as Endpoint
  await pass(10_000)
  isIll = true
  asked.length = 0
  checker.suspect(ill)
  await pass(STEP_MS)
  assert.ok(asked.some(({ endpoint }) => endpoint === ill))
  await pass(2_500)
  assert.equal(ill.health, 'down')
  isIll = false
  await pass(2_500)
  assert.equal(ill.health, 'up')
})
