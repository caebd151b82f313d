// How many replicas are asked at once, and how fast, when there are very many of them. Time is the test's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { Checker, type CheckResult } from './checker.ts'

const COUNT = 1_000
const REFUSED: CheckResult = { ok: false, reason: 'ECONNREFUSED', isRefused: true }

function rig(check: () => Promise<CheckResult>) {
  const chance = { turn: 0 }
  const checker = new Checker(
    { intervalMs: 5_000, timeoutMs: 2_000, rise: 2, fall: 3 },
    {
      check,
      clock: { nowMs: () => 0, wallMs: () => 0 },
      random: () => {
        chance.turn += 1
        return (chance.turn % 100) / 100
      },
      onChange: () => undefined,
      onDown: () => undefined,
    },
  )
  const endpoints = Array.from({ length: COUNT }, (_, number) => new Endpoint(instanceAt(number)))
  return { checker, endpoints }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise(resolve => setImmediate(resolve))
}

test('first checks are spread by the number of replicas, and their repeats no faster', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let asked = 0
  const { checker, endpoints } = rig(async () => {
    asked += 1
    return REFUSED
  })
  for (const endpoint of endpoints) checker.watch(endpoint)
  t.mock.timers.tick(100)
  await settle()
  assert.ok(asked > 0 && asked <= 100, `${asked} asked in the first 100 ms`)
  for (let step = 0; step < 100; step += 1) {
    t.mock.timers.tick(100)
    await settle()
  }
  t.diagnostic(`${asked} checks of ${COUNT} refusing replicas in 10.1 s`)
  assert.ok(asked >= COUNT && asked < 10_100 / 1.5, String(asked))
  checker.close()
})

test('replicas that hang hold a bounded number of checks; the others wait, and none is lost', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const hanging: (() => void)[] = []
  const seen = { asked: 0, most: 0 }
  const { checker, endpoints } = rig(() => {
    seen.asked += 1
    const { promise, resolve } = Promise.withResolvers<CheckResult>()
    hanging.push(() => resolve(REFUSED))
    seen.most = Math.max(seen.most, hanging.length)
    return promise
  })
  for (const endpoint of endpoints) checker.watch(endpoint)
  t.mock.timers.tick(6_000) // by now each is due
  await settle()
  assert.equal(seen.asked, 128)
  while (seen.asked < COUNT) {
    const before: number = seen.asked
    for (const end of hanging.splice(0)) end()
    await settle()
    assert.ok(seen.asked > before, 'the next ones are asked')
  }
  assert.ok(seen.most <= 128)
  checker.close()
})
