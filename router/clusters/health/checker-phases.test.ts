// Many replicas are never asked in one instant: not at the start, and not after hours of the same interval.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from '../endpoint.ts'
import { CheckPace } from './check-pace.ts'
import { Checker } from './checker.ts'

const SEED = 20_260_728
const REPLICAS = 50
const INTERVAL_MS = 5_000

test('fifty replicas are spread over a tenth of a second at the start, and evenly over the interval later', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.diagnostic(`seed ${SEED}`)
  let nowMs = 0
  const asked: number[] = []
  const checker = new Checker(
    { intervalMs: INTERVAL_MS, timeoutMs: 1_000, rise: 2, fall: 3 },
    {
      check: () => {
        asked.push(nowMs)
        const learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed() } as const
        return Promise.resolve({ ok: true, learned })
      },
      pace: new CheckPace(seededRandom(SEED)),
      clock: { nowMs: () => nowMs, wallMs: () => 0 },
      random: seededRandom(SEED),
      onChange: () => undefined,
      onDown: () => undefined,
    },
  )
  for (let index = 0; index < REPLICAS; index += 1)
    checker.watch(new Endpoint(instanceAt(8_000 + index)))
  const pass = async (untilMs: number): Promise<void> => {
    for (; nowMs < untilMs; nowMs += 10) {
      t.mock.timers.tick(10)
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve()
    }
  }
  const between = (fromMs: number, toMs: number): number =>
    asked.filter(atMs => atMs >= fromMs && atMs < toMs).length
  await pass(200)
  assert.equal(asked.length, REPLICAS)
  for (let fromMs = 0; fromMs < 100; fromMs += 20)
    assert.ok(between(fromMs, fromMs + 20) <= 20, `${between(fromMs, fromMs + 20)} at ${fromMs} ms`)
  await pass(300_000)
  const perSecond = REPLICAS / (INTERVAL_MS / 1_000)
  for (let fromMs = 200_000; fromMs < 300_000; fromMs += 1_000) {
    const count = between(fromMs, fromMs + 1_000)
    assert.ok(count <= perSecond * 2.5, `${count} questions in the second at ${fromMs} ms`)
  }
  const inAll = between(200_000, 300_000) / 100
  assert.ok(Math.abs(inAll - perSecond) < perSecond * 0.1, `${inAll} questions a second`)
  checker.close()
})
