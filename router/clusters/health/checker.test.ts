// When a replica is asked, and what its answers make of it. Time is the test's; chance is fixed at the middle of its range.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint, type Learned } from '../endpoint.ts'
import { CheckPace } from './check-pace.ts'
import { Checker, type CheckResult } from './checker.ts'

const LEARNED: Learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed('a') }
const GOOD: CheckResult = { ok: true, learned: LEARNED }
const ALIVE: CheckResult = { ok: true }
const BAD: CheckResult = { ok: false, reason: 'no answer', isRefused: false }
const REFUSED: CheckResult = { ok: false, reason: 'ECONNREFUSED', isRefused: true }
const POLICY = { intervalMs: 5_000, timeoutMs: 2_000, rise: 2, fall: 3 }

interface Ground {
  readonly checker: Checker
  readonly endpoint: Endpoint
  /** Times at which the replica was asked; `deep` where eras and tools were asked for. */
  readonly asked: string[]
  readonly log: string[]
  /** What a cluster does when one is taken out, beside being told. */
  onDown: () => void
  /** Lets time pass, a step at a time, so that answers come at their moment. */
  readonly pass: (ms: number) => Promise<void>
  nowMs: number
}

type Script = (isDeep: boolean) => CheckResult | Promise<CheckResult>

function ground(t: TestContext, script: Script, random: () => number = () => 0.5): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const endpoint = new Endpoint(instanceAt(8_080))
  const asked: string[] = []
  const log: string[] = []
  const scene: Ground = {
    asked,
    log,
    endpoint,
    onDown: () => undefined,
    nowMs: 0,
    checker: new Checker(POLICY, {
      check: async (_endpoint, isDeep) => {
        asked.push(`${scene.nowMs}${isDeep ? ' deep' : ''}`)
        return script(isDeep)
      },
      pace: new CheckPace(random),
      clock: { nowMs: () => scene.nowMs, wallMs: () => 0 },
      random,
      onChange: ({ health }) => log.push(health),
      onDown: () => {
        log.push('onDown')
        scene.onDown()
      },
    }),
    pass: async ms => {
      for (let step = 0; step < ms; step += 50) {
        scene.nowMs += 50
        t.mock.timers.tick(50)
        for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
      }
    },
  }
  scene.checker.watch(endpoint)
  return scene
}

/** Answers in this order, the last of them for ever. */
function inOrder(...results: readonly CheckResult[]): Script {
  let next = 0
  return () => {
    const result = results[Math.min(next, results.length - 1)] as CheckResult
    next += 1
    return result
  }
}

test('the first success admits, and the next question comes after the interval', async t => {
  const { endpoint, asked, log, pass } = ground(t, inOrder(GOOD, ALIVE))
  await pass(50)
  assert.deepEqual([endpoint.health, endpoint.learned, endpoint.checkedAtMs], ['up', LEARNED, 50])
  await pass(10_000)
  assert.deepEqual(asked, ['50 deep', '5050', '10050'])
  assert.deepEqual(log, ['up'])
})

test('a first failure keeps out, with its reason', async t => {
  const { endpoint, log, pass } = ground(t, inOrder(BAD))
  await pass(50)
  assert.deepEqual([endpoint.health, endpoint.reason], ['down', 'no answer'])
  assert.deepEqual(log, ['down', 'onDown'])
})

test('one that is up goes out after three failures in a row, asked once a second meanwhile', async t => {
  const { endpoint, asked, pass } = ground(t, inOrder(GOOD, BAD, BAD, BAD))
  await pass(5_050)
  assert.equal(endpoint.health, 'up')
  await pass(1_000)
  assert.equal(endpoint.health, 'up')
  await pass(1_000)
  assert.deepEqual([endpoint.health, endpoint.reason], ['down', 'no answer'])
  assert.deepEqual(asked, ['50 deep', '5050', '6050', '7050'])
})

test('a success in between starts the count anew', async t => {
  const { endpoint, pass } = ground(t, inOrder(GOOD, BAD, BAD, ALIVE, BAD, BAD, ALIVE))
  await pass(30_000)
  assert.equal(endpoint.health, 'up')
})

test('a refused connection needs no second opinion', async t => {
  const { endpoint, pass } = ground(t, inOrder(GOOD, REFUSED))
  await pass(5_050)
  assert.equal(endpoint.health, 'down')
})

test('one that is down comes back after two successes in a row, asked in depth once a second', async t => {
  const { endpoint, asked, log, pass } = ground(t, inOrder(BAD, GOOD, BAD, GOOD, GOOD))
  await pass(4_000)
  assert.equal(endpoint.health, 'down')
  await pass(50)
  assert.equal(endpoint.health, 'up')
  assert.deepEqual(asked, ['50 deep', '1050 deep', '2050 deep', '3050 deep', '4050 deep'])
  assert.equal(log.at(-1), 'up')
})

test('what it speaks is asked for again after a minute, and a change is told', async t => {
  const deep = [LEARNED, { ...LEARNED, tools: toolsNamed('a', 'b') }]
  const { endpoint, asked, log, pass } = ground(t, isDeep => {
    const learned = isDeep ? deep.shift() : undefined
    return learned === undefined ? ALIVE : { ok: true, learned }
  })
  await pass(60_050)
  assert.equal(asked.filter(one => one.endsWith('deep')).length, 1)
  await pass(5_000)
  assert.deepEqual(asked.at(-1), '65050 deep')
  assert.deepEqual(endpoint.learned?.tools, toolsNamed('a', 'b'))
  assert.deepEqual(log, ['up', 'up'])
})

test('what could be asked only in part is asked again at the next turn, from the first check on', async t => {
  const partial: CheckResult = { ...GOOD, isPartial: true }
  const { endpoint, asked, log, pass } = ground(t, inOrder(partial, partial, GOOD, ALIVE))
  await pass(15_050)
  assert.deepEqual(asked, ['50 deep', '5050 deep', '10050 deep', '15050'])
  assert.deepEqual([endpoint.health, endpoint.learned, log], ['up', LEARNED, ['up']])
})

test('learning the same again is no change', async t => {
  const same = (isDeep: boolean): CheckResult =>
    isDeep ? { ok: true, learned: { ...LEARNED, tools: toolsNamed('a') } } : ALIVE
  const { asked, log, pass } = ground(t, same)
  await pass(200_000)
  assert.ok(asked.filter(one => one.endsWith('deep')).length > 2)
  assert.deepEqual(log, ['up'])
})

test('a fault seen by traffic brings the next question forward', async t => {
  const { checker, endpoint, asked, pass } = ground(t, inOrder(GOOD, ALIVE))
  await pass(3_050)
  checker.suspect(endpoint)
  await pass(50)
  assert.deepEqual(asked, ['50 deep', '3100'])
})

test('faults by the thousand are one question a second, not a storm', async t => {
  const { checker, endpoint, asked, pass } = ground(t, inOrder(GOOD, ALIVE))
  await pass(2_000)
  for (let count = 0; count < 2_000; count += 1) {
    checker.suspect(endpoint)
    if (count % 10 === 0) await pass(50)
  }
  const seconds = 10
  assert.ok(asked.length <= 1 + seconds + 2, asked.join(' '))
  assert.ok(asked.length >= seconds - 1, asked.join(' '))
})

test('a fault while the replica is being asked is one more question afterwards, soon', async t => {
  const answers: (() => void)[] = []
  const { checker, endpoint, asked, pass } = ground(
    t,
    () => new Promise(resolve => answers.push(() => resolve(GOOD))),
  )
  await pass(50)
  checker.suspect(endpoint)
  checker.suspect(endpoint)
  assert.equal(asked.length, 1)
  answers[0]?.()
  await pass(1_050)
  assert.equal(asked.length, 2)
})

test('a refusal seen by traffic takes it out at once, once, and it is asked a second later', async t => {
  const { checker, endpoint, asked, log, pass } = ground(t, inOrder(GOOD, BAD))
  await pass(2_000)
  checker.refused(endpoint, 'ECONNREFUSED 8080')
  checker.refused(endpoint, 'ECONNREFUSED again')
  assert.deepEqual([endpoint.health, endpoint.reason], ['down', 'ECONNREFUSED 8080'])
  assert.deepEqual(log, ['up', 'down', 'onDown'])
  await pass(1_000)
  assert.deepEqual(asked, ['50 deep', '3000 deep'])
})

test('a refusal while the replica is being asked does not start a second question beside the first', async t => {
  let running = 0
  let most = 0
  const slow = async (): Promise<CheckResult> => {
    running += 1
    most = Math.max(most, running)
    await new Promise(resolve => setTimeout(resolve, 3_000))
    running -= 1
    return GOOD
  }
  const { checker, endpoint, pass } = ground(t, slow)
  await pass(100)
  checker.refused(endpoint, 'ECONNREFUSED')
  await pass(10_000)
  assert.equal(most, 1)
})

test('an answer that was asked for before a refusal does not bring it back by itself', async t => {
  const answers: (() => void)[] = []
  const { checker, endpoint, pass } = ground(
    t,
    () => new Promise(resolve => answers.push(() => resolve(GOOD))),
  )
  await pass(50)
  checker.refused(endpoint, 'ECONNREFUSED')
  answers[0]?.()
  await pass(50)
  assert.equal(endpoint.health, 'down')
})

test('a check that throws is a failure with its words, and the next comes all the same', async t => {
  let isBroken = true
  const { endpoint, pass } = ground(t, () => {
    if (isBroken) throw new Error('a bug')
    return GOOD
  })
  await pass(50)
  assert.deepEqual([endpoint.health, endpoint.reason], ['down', 'the check itself failed: a bug'])
  isBroken = false
  await pass(2_000)
  assert.equal(endpoint.health, 'up')
})

test('one that is no longer watched is not asked, and an answer under way changes nothing', async t => {
  const answers: (() => void)[] = []
  const { checker, endpoint, asked, log, pass } = ground(
    t,
    () => new Promise(resolve => answers.push(() => resolve(GOOD))),
  )
  await pass(50)
  checker.unwatch(endpoint)
  answers[0]?.()
  checker.suspect(endpoint)
  checker.refused(endpoint, 'ECONNREFUSED')
  await pass(20_000)
  assert.deepEqual([endpoint.health, asked.length, log.length], ['unknown', 1, 0])
})

test('closing stops every question', async t => {
  const { checker, asked, pass } = ground(t, inOrder(GOOD))
  await pass(50)
  checker.close()
  await pass(60_000)
  assert.equal(asked.length, 1)
})

test('a held replica that stays down is told about with every failed question', async t => {
  const { endpoint, log, pass } = ground(t, inOrder(BAD))
  await pass(50)
  endpoint.instance = instanceAt(8_080, { isHeld: true })
  await pass(2_000)
  assert.deepEqual(log, ['down', 'onDown', 'onDown', 'onDown'])
})

for (const [how, takeOut] of [
  ['a failed question', async ({ pass }: Ground) => pass(5_050)],
  ['a refusal', async ({ checker, endpoint }: Ground) => checker.refused(endpoint, 'gone')],
] as const) {
  test(`one that ${how} removes for good is not asked once more`, async t => {
    const scene = ground(t, inOrder(GOOD, REFUSED))
    const { checker, endpoint, asked, log, pass } = scene
    await pass(50)
    scene.onDown = () => checker.unwatch(endpoint)
    await takeOut(scene)
    assert.equal(log.at(-1), 'onDown')
    const before = asked.length
    await pass(20_000)
    assert.equal(asked.length, before)
  })
}
