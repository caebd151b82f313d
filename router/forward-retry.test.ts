// A call that came to nothing goes to another replica where the rules let it, within its bounds; and whatever comes then, its caller
// is told that it did not run only when no attempt can have run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shapeOf } from '#foundation/refusals.ts'
import { type CallFacts, callAs } from '#test/support/call-facts.ts'
import { clusterPolicy } from '#test/support/cluster-policy.ts'
import { answeredAs, fakeBody } from '#test/support/fake-body.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { freeRetries, freeTurn } from '#test/support/free-retries.ts'
import { judgeAnswer } from './eras/judge.ts'
import type { Attempt, McpAnswer, RetryDenial, Trail } from './facts.ts'
import { NOT_EXECUTED, outcomeOf } from './outcome.ts'
import type { Verdict } from './pipeline/stage.ts'
import { RetryBudget } from './retry-budget.ts'
import { type AttemptPath, type Chosen, forward } from './stages/forward.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const NOT_SENT: Attempt = { kind: 'not_sent', detail: 'ECONNREFUSED', isNobodyThere: true }
const RESET: Attempt = { kind: 'no_answer', detail: 'ECONNRESET' }
const TIMEOUT: Attempt = { kind: 'timeout', detail: 'late' }
const OK = answeredAs(200, JSON_TYPE)
const refusedWith = (status: number, more: Readonly<Record<string, string>> = {}) =>
  answeredAs(status, { [NOT_EXECUTED]: '1', ...more })

interface Scene {
  readonly attempts: readonly (Attempt | Promise<Attempt>)[]
  readonly call?: Partial<CallFacts>
  readonly isBound?: boolean
  readonly path?: Partial<AttemptPath>
}

interface Ran {
  readonly verdict: Verdict<object, McpAnswer>
  readonly says: string
  readonly trail: Trail
  readonly log: readonly string[]
}

async function forwarded(scene: Scene): Promise<Ran> {
  const log: string[] = []
  const call = callAs(scene.call)
  const choose = (_call: unknown, { tried }: { readonly tried: ReadonlySet<string> }): Chosen => {
    const index = tried.size
    const attempt = scene.attempts[index]
    if (attempt === undefined)
      return { kind: 'refuse', refusal: { code: 'RINGMAIN_NO_HEALTHY_REPLICA' } }
    const send = (isRetry: boolean) => {
      log.push(`send r${index}${isRetry ? ' again' : ''}`)
      const nothing = (): void => undefined
      return {
        attempt: Promise.resolve(attempt),
        upstreamIdJson: '7',
        abandon: nothing,
        expire: nothing,
        ended: nothing,
        relearn: nothing,
      }
    }
    const forgo = (): void => void log.push(`forgo r${index}`)
    const isBound = scene.isBound === true
    const typicalMs = (): number => 1
    const target = { endpoint: `r${index}`, isBound, typicalMs, send, forgo }
    return { kind: 'target', target }
  }
  const path: AttemptPath = {
    ...freeRetries(choose),
    begin: ({ cluster }) => new RetryBudget(cluster.retry, () => 1).begin(),
    pause: async (_call, leastMs) => void log.push(`pause ${leastMs ?? ''}`),
    ...scene.path,
  }
  const verdict = await forward(path, judgeAnswer).decide(call)
  const says = verdict.kind === 'refuse' ? verdict.refusal.code : verdict.kind
  return { verdict, says, trail: call.trail, log }
}

const sends = ({ log }: Ran): number => log.filter(entry => entry.startsWith('send')).length
const SAFE = { isReplayable: true }

test('a call that may run twice goes once more, elsewhere, after a pause, and within its budget', async () => {
  for (const attempt of [RESET, TIMEOUT, answeredAs(502), answeredAs(503), answeredAs(504)]) {
    const ran = await forwarded({ attempts: [attempt, OK], call: SAFE })
    assert.equal(ran.says, 'answer')
    assert.deepEqual(ran.log, ['send r0', 'pause ', 'send r1 again'])
    const { attempts, endpoint, verdict, retries, retryReason, retryDenied } = ran.trail
    assert.deepEqual([attempts, endpoint, verdict], [2, 'r1', 'answered'])
    assert.deepEqual([retries, retryReason, retryDenied], [1, 'unanswered', undefined])
  }
})

test('what could not be sent goes elsewhere whatever the tool, to four replicas at most', async () => {
  const once = {
    cluster: clusterPolicy('crm', {
      retry: { max: 0, budget: 0, minPerSecond: 0, maxConcurrent: 0 },
    }),
  }
  const ran = await forwarded({ attempts: [NOT_SENT, NOT_SENT, NOT_SENT, OK], call: once })
  assert.deepEqual([ran.says, ran.trail.attempts, ran.trail.retryDenied], ['answer', 4, undefined])
  const dead = await forwarded({ attempts: Array.from({ length: 9 }, () => NOT_SENT), call: once })
  assert.deepEqual([dead.says, sends(dead)], ['RINGMAIN_NO_HEALTHY_REPLICA', 4])
  assert.equal(dead.trail.retryDenied, 'spent')
})

test('what a replica says it did not run goes elsewhere, whatever the tool, and not before the time it asks for', async () => {
  for (const status of [429, 503]) {
    const ran = await forwarded({ attempts: [refusedWith(status, { 'retry-after': '1' }), OK] })
    assert.equal(ran.says, 'answer')
    assert.deepEqual(ran.log, ['send r0', 'pause 1000', 'send r1 again'])
    assert.equal(ran.trail.retryReason, 'refused')
  }
})

test('a replica that does not speak the version has not looked at the call, and others may', async () => {
  const saying = (code: number): Attempt =>
    answeredAs(400, JSON_TYPE, fakeBody(Buffer.from(`{"error":{"code":${code},"message":"x"}}`)))
  const ran = await forwarded({ attempts: [saying(-32_022), OK] })
  assert.equal(ran.says, 'answer')
  assert.deepEqual(ran.log, ['send r0', 'pause ', 'send r1 again'])
  assert.equal(ran.trail.retryReason, 'refused')
  const twice = await forwarded({ attempts: [saying(-32_022), saying(-32_022), OK] })
  assert.deepEqual([twice.says, sends(twice)], ['RINGMAIN_UPSTREAM_REFUSED', 2])
  for (const [code, more] of [
    [-32_020, {}],
    [-32_602, {}],
    [-32_022, { call: { era: 'legacy' } }],
    [-32_022, { isBound: true }],
  ] as const)
    assert.equal(sends(await forwarded({ attempts: [saying(code), OK], ...more })), 1, String(code))
})

test('what was not sent goes elsewhere without budget, pause or mark, however often', async () => {
  const ran = await forwarded({ attempts: [NOT_SENT, NOT_SENT, NOT_SENT, OK] })
  assert.deepEqual(ran.log, ['send r0', 'send r1', 'send r2', 'send r3'])
  assert.equal(ran.trail.retries, undefined)
})

test('a call is sent again as often as its cluster allows, and no more', async () => {
  for (const max of [0, 1, 2]) {
    const retry = { ...clusterPolicy('crm').retry, max }
    const ran = await forwarded({
      attempts: [RESET, RESET, RESET, RESET],
      call: { ...SAFE, cluster: clusterPolicy('crm', { retry }) },
    })
    assert.equal(sends(ran), max + 1)
    assert.equal(ran.trail.retryDenied, 'spent')
  }
})

test('each bound keeps a call from going again, and is told by its name', async () => {
  const denied: ReadonlyArray<readonly [RetryDenial, Partial<Scene>]> = [
    ['is_retry', { call: { ...SAFE, isRetry: true } }],
    ['mostly_out', { path: { poolDenial: () => 'mostly_out' } }],
    ['no_other', { path: { poolDenial: () => 'no_other' } }],
    ['retry_after', { attempts: [refusedWith(503, { 'retry-after': '2' }), OK] }],
    ['deadline', { call: { ...SAFE, deadline: fakeDeadline({ leftMs: 22 }).deadline } }],
    ['budget', { path: { begin: () => ({ ...freeTurn(), again: () => 'budget' }) } }],
  ]
  for (const [denial, scene] of denied) {
    const ran = await forwarded({ attempts: [RESET, OK], call: SAFE, ...scene })
    assert.equal(ran.trail.retryDenied, denial)
    assert.equal(ran.trail.attempts, 1, denial)
    assert.equal(ran.trail.retries, undefined)
  }
})

test('a call that a router in front has sent before says so to whoever stands behind', async () => {
  const ran = await forwarded({ attempts: [OK], call: { isRetry: true } })
  assert.deepEqual(ran.log, ['send r0 again'])
})

test('a call of a session never goes elsewhere', async () => {
  for (const attempt of [NOT_SENT, RESET, TIMEOUT, answeredAs(503), refusedWith(503)])
    assert.equal(sends(await forwarded({ attempts: [attempt, OK], call: SAFE, isBound: true })), 1)
})

test('a caller who leaves during the pause ends it, and nothing more is sent', async () => {
  const caller: FakeCaller = fakeCaller()
  const ran = await forwarded({
    attempts: [RESET, OK],
    call: { ...SAFE, caller },
    path: { pause: async () => caller.leave() },
  })
  assert.equal(ran.says, 'RINGMAIN_OUTCOME_UNKNOWN')
  assert.equal(sends(ran), 1)
})

/** Everything that may become of one attempt, and whether the tool can have run. */
const FATES: ReadonlyArray<readonly [string, Attempt]> = [
  ['not sent', NOT_SENT],
  ['refused', refusedWith(503)],
  ['429', answeredAs(429)],
  ['401', answeredAs(401)],
  ['reset', RESET],
  ['timeout', TIMEOUT],
  ['500', answeredAs(500)],
  ['502', answeredAs(502)],
  ['503', answeredAs(503)],
  ['302', answeredAs(302)],
]

test('nobody is told that nothing was done while an attempt may have run: every row of two attempts', async t => {
  let [rows, retried] = [0, 0]
  for (const [name, first] of FATES)
    for (const [other, second] of FATES)
      for (const isReplayable of [true, false]) {
        const ran = await forwarded({ attempts: [first, second], call: { isReplayable } })
        assert.ok(ran.verdict.kind === 'refuse')
        const made = [first, second].slice(0, sends(ran))
        const mayHaveRun = made.some(attempt => isUnknown(attempt))
        const { executed } = shapeOf(ran.verdict.refusal.code)
        assert.equal(executed, mayHaveRun ? 'unknown' : 'no', `${name}, then ${other}`)
        rows += 1
        retried += made.length - 1
      }
  t.diagnostic(`${rows} rows, ${retried} with a second attempt`)
  assert.ok(retried > 50)
})

/** Sent, and neither refused by the replica in words nor, for who the router is, by its door. */
function isUnknown(attempt: Attempt): boolean {
  const { verdict, isRefusal } = outcomeOf(attempt)
  if (verdict === 'not_sent' || isRefusal) return false
  return attempt.kind !== 'answered' || attempt.status !== 401
}

test('an answer of the second replica is the answer, though the first may have run as well', async () => {
  const error = answeredAs(422, JSON_TYPE)
  for (const second of [OK, error]) {
    const ran = await forwarded({ attempts: [RESET, second], call: SAFE })
    assert.equal(ran.says, second === OK ? 'answer' : 'RINGMAIN_OUTCOME_UNKNOWN')
  }
})

test('a call whose time runs out at its replica, or in the pause, is not sent again', async () => {
  const late = fakeDeadline()
  const atReplica = Promise.resolve(TIMEOUT).finally(late.end)
  const dying = fakeDeadline()
  for (const ran of [
    await forwarded({
      attempts: [atReplica, OK],
      call: { ...SAFE, deadline: late.deadline },
    }),
    await forwarded({
      attempts: [TIMEOUT, OK],
      call: { ...SAFE, deadline: dying.deadline },
      path: { pause: async () => dying.end() },
    }),
  ]) {
    assert.equal(ran.says, 'RINGMAIN_UPSTREAM_TIMEOUT')
    assert.equal(sends(ran), 1)
  }
})
