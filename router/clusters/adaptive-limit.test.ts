// How many calls a replica is given at once: each rule, and a simulated server with a knee that load goes over and comes back from.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import type { Attempt } from '#router/facts.ts'
import { ejectingCluster } from '#test/support/ejecting-cluster.ts'
import { answeredAs, fakeBody } from '#test/support/fake-body.ts'
import { AdaptiveLimit, isTooMuch } from './adaptive-limit.ts'

const BOUNDS = { least: 4, most: 64 }

test('there is none until a replica says that it has too much to do, and never more than the document allows', () => {
  const limit = new AdaptiveLimit()
  limit.raise(BOUNDS.most, 64)
  assert.equal(limit.value, Number.POSITIVE_INFINITY)
  limit.lower(BOUNDS, 0, 1)
  assert.equal(limit.value, 57)
  for (let call = 0; call < 10_000; call += 1) limit.raise(BOUNDS.most, 64)
  assert.equal(limit.value, 64)
})

test('signs from calls that began before the last change change nothing', () => {
  const limit = new AdaptiveLimit()
  for (let call = 0; call < 64; call += 1) limit.lower(BOUNDS, call, 100 + call)
  assert.equal(limit.value, 57)
  limit.lower(BOUNDS, 100, 300)
  assert.equal(limit.value, 51)
})

test('it is never less than the least, nor more than a replica that takes fewer allows', () => {
  const limit = new AdaptiveLimit()
  for (let nowMs = 0; nowMs < 1_000; nowMs += 1) limit.lower(BOUNDS, nowMs, nowMs)
  assert.equal(limit.value, 4)
  limit.lower({ least: 4, most: 2 }, 1_000, 1_001)
  assert.equal(limit.value, 2)
})

test('it takes as many that went well as there may be at once, with half of them under way, for one more', () => {
  const limit = new AdaptiveLimit()
  limit.lower({ least: 4, most: 11 }, 0, 0)
  assert.equal(limit.value, 9)
  for (let call = 0; call < 100; call += 1) limit.raise(11, 4)
  assert.equal(limit.value, 9, 'fewer than half were under way')
  for (let call = 0; call < 8; call += 1) limit.raise(11, 5)
  assert.equal(limit.value, 9)
  limit.raise(11, 5)
  assert.equal(limit.value, 10)
})

test('a replica that comes back begins without one', () => {
  const limit = new AdaptiveLimit()
  limit.lower(BOUNDS, 0, 0)
  limit.forget()
  assert.equal(limit.value, Number.POSITIVE_INFINITY)
})

test('too much is what the replica says or does, and not what its tool or this side says', () => {
  const answered = (status: number): Attempt => answeredAs(status, {}, fakeBody())
  for (const status of [429, 503]) assert.equal(isTooMuch(answered(status)), true)
  for (const status of [200, 400, 404, 500, 502]) assert.equal(isTooMuch(answered(status)), false)
  assert.equal(isTooMuch({ kind: 'timeout', detail: '' }), true)
  assert.equal(isTooMuch({ kind: 'timeout', detail: '', isCallers: true }), false)
  assert.equal(isTooMuch({ kind: 'not_sent', detail: '', isNobodyThere: true }), true)
  assert.equal(isTooMuch({ kind: 'not_sent', detail: '', isNobodyThere: false }), false)
  assert.equal(isTooMuch({ kind: 'no_answer', detail: '' }), false)
  assert.equal(isTooMuch({ kind: 'abandoned' }), false)
})

const SEED = 20_261_127
const SERVICE_MS = 50

/**
 * Calls that come at random, as many a second as `load` says, at a server that does `knee` at once and refuses any more. What finds
 * no room under the limit is not sent. Told for each second: the limit at its end, and the share of its calls that were served.
 */
function serve(
  seconds: number,
  load: (second: number) => number,
  knee: (second: number) => number,
): { readonly limits: readonly number[]; readonly served: readonly number[] } {
  const random = seededRandom(SEED)
  const limit = new AdaptiveLimit()
  const running: {
    readonly beganMs: number
    readonly endMs: number
    readonly isServed: boolean
  }[] = []
  const limits: number[] = []
  const served: number[] = []
  let nowMs = 0
  for (let second = 0; second < seconds; second += 1) {
    let [came, went] = [0, 0]
    while (nowMs < (second + 1) * 1_000) {
      nowMs += (-Math.log(1 - random()) * 1_000) / load(second)
      for (let index = running.length - 1; index >= 0; index -= 1) {
        const call = running[index]
        if (call === undefined || call.endMs > nowMs) continue
        if (call.isServed) limit.raise(BOUNDS.most, running.length)
        else limit.lower(BOUNDS, call.beganMs, call.endMs)
        running.splice(index, 1)
      }
      came += 1
      if (running.length >= Math.min(BOUNDS.most, limit.value)) continue
      const isServed = running.filter(call => call.isServed).length < knee(second)
      const tookMs = isServed ? SERVICE_MS * (0.5 + random()) : 1
      running.push({ beganMs: nowMs, endMs: nowMs + tookMs, isServed })
      if (isServed) went += 1
    }
    limits.push(limit.value)
    served.push(went / came)
  }
  return { limits, served }
}

const KNEE = 20
/** Calls a second that it can do at most. */
const PEAK = (KNEE * 1_000) / SERVICE_MS

test('load goes to three times and back: the limit finds the knee in ten seconds, and all is served again after', (t: TestContext) => {
  t.diagnostic(`seed ${SEED}`)
  const { limits, served } = serve(
    60,
    second => (second >= 20 && second < 40 ? 3 : 1) * PEAK * 0.6,
    () => KNEE,
  )
  const over = limits.slice(30, 40)
  t.diagnostic(`from 10 s after the step: ${over.join(', ')} where the knee is ${KNEE}`)
  for (const value of over)
    assert.ok(value >= KNEE * 0.7 && value <= KNEE * 1.3, `${value} where the knee is ${KNEE}`)
  assert.ok(Math.min(...limits) >= BOUNDS.least)
  for (const share of served.slice(50))
    assert.ok(share >= 0.95, `${share} of the calls were served`)
})

test('a server that can do a quarter for a while is given that, and all again within ten seconds', t => {
  t.diagnostic(`seed ${SEED}`)
  const { limits } = serve(
    60,
    () => PEAK * 3,
    second => (second >= 20 && second < 40 ? KNEE / 4 : KNEE),
  )
  for (const value of limits.slice(30, 40)) assert.ok(value >= 4 && value <= 7, `${value} of 5`)
  for (const value of limits.slice(50)) assert.ok(value >= 14 && value <= 26, `${value} of 20`)
})

test('a replica is given no more calls at once than its limit, whatever the document allows', async t => {
  const { cluster, endpoints } = await ejectingCluster(t, 1)
  const [one] = endpoints
  assert.ok(one)
  one.inFlight = 2
  assert.equal(cluster.choose('modern').kind, 'endpoint')
  one.limit.lower({ least: 1, most: 3 }, 0, 0)
  assert.equal(one.limit.value, 2)
  assert.equal(cluster.choose('modern').kind, 'full')
  one.warmUp(0)
  assert.equal(cluster.choose('modern').kind, 'endpoint', 'what comes back begins without one')
})
