// What traffic found out of date is asked for anew, soon and never often. Time is the test's; chance is fixed.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from '../endpoint.ts'
import { CheckPace } from './check-pace.ts'
import { Checker, type CheckResult } from './checker.ts'

const INTERVAL_MS = 5_000
const STEP_MS = 50

function ground(t: TestContext, isPartial: boolean, meanwhile = (): void => undefined) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const endpoint = new Endpoint(instanceAt(8_080))
  const deepAtMs: number[] = []
  let nowMs = 0
  const checker = new Checker(
    { intervalMs: INTERVAL_MS, timeoutMs: 2_000, rise: 2, fall: 3 },
    {
      check: async (_endpoint, isDeep): Promise<CheckResult> => {
        if (!isDeep) return { ok: true }
        deepAtMs.push(nowMs)
        if (deepAtMs.length === 1) meanwhile()
        const learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed() } as const
        return isPartial ? { ok: true, learned, isPartial } : { ok: true, learned }
      },
      pace: new CheckPace(() => 0.5),
      clock: { nowMs: () => nowMs, wallMs: () => 0 },
      random: () => 0.5,
      onChange: () => undefined,
      onDown: () => undefined,
    },
  )
  checker.watch(endpoint)
  const pass = async (ms: number, each: () => void = () => undefined): Promise<void> => {
    for (let step = 0; step < ms; step += STEP_MS) {
      each()
      nowMs += STEP_MS
      t.mock.timers.tick(STEP_MS)
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  return { deepAtMs, pass, outdated: () => checker.outdated(endpoint) }
}

test('it is asked for at once, or at its next turn where it was asked less than an interval ago', async t => {
  const { deepAtMs, pass, outdated } = ground(t, false)
  await pass(STEP_MS)
  outdated()
  await pass(4_000)
  assert.deepEqual(deepAtMs, [STEP_MS])
  await pass(8_000)
  const [, next = 0] = deepAtMs
  assert.equal(deepAtMs.length, 2)
  assert.ok(next <= STEP_MS + INTERVAL_MS * 1.2, `${next}`)
  outdated()
  await pass(STEP_MS)
  assert.deepEqual(deepAtMs.slice(2), [12_100])
})

test('what is told while it is asked is asked for once more', async t => {
  const { deepAtMs, pass, outdated } = ground(t, false, () => outdated())
  await pass(8_000)
  assert.equal(deepAtMs.length, 2)
  await pass(8_000)
  assert.equal(deepAtMs.length, 2)
})

for (const isPartial of [false, true])
  test(`calls by the thousand have it asked for once an interval at most, ${isPartial ? 'in part' : 'whole'}`, async t => {
    const { deepAtMs, pass, outdated } = ground(t, isPartial)
    await pass(60_000, () => {
      for (let count = 0; count < 10; count += 1) outdated()
    })
    const intervals = 60_000 / INTERVAL_MS
    // One that is told in part is asked at each turn anyway, and never twice in one for being out of date.
    const most = isPartial ? 2 * intervals : intervals + 1
    assert.ok(deepAtMs.length > intervals / 2 && deepAtMs.length <= most, deepAtMs.join(' '))
  })
