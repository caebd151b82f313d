// A call is sent once. What was not sent may go to another replica; everything else is told to the caller as what it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, McpAnswer } from '#router/facts.ts'
import { isLateFault } from '#router/outcome.ts'
import type { Refusal, Verdict } from '#router/pipeline/stage.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { freeRetries } from '#test/support/free-retries.ts'
import { type Chosen, forward, type Judge } from './forward.ts'

const NOT_SENT: Attempt = { kind: 'not_sent', detail: 'ECONNREFUSED', isNobodyThere: true }
const JSON_TYPE = { 'content-type': 'application/json' }

interface Scene {
  /** What comes of the attempt at each replica, in the order of choice. */
  readonly attempts?: readonly (Attempt | Promise<Attempt>)[]
  readonly isBound?: boolean
  readonly typicalMs?: number
  readonly whenExpired?: () => void
  readonly judge?: Judge
  readonly call?: CallFacts
  /** Answers later, as a choice that waits does. */
  readonly isLate?: boolean
  readonly whenChosen?: () => void
}

interface Forwarded {
  readonly verdict: Verdict<object, McpAnswer>
  readonly call: CallFacts
  readonly log: readonly string[]
}

async function forwarded(scene: Scene = {}): Promise<Forwarded> {
  const { attempts = [], isBound = false, call = callAs() } = scene
  const log: string[] = []
  const choose = (_call: unknown, tried: ReadonlySet<string>): Chosen => {
    scene.whenChosen?.()
    const index = tried.size
    const attempt = attempts[index]
    if (attempt === undefined)
      return { kind: 'refuse', refusal: { code: 'RINGMAIN_NO_HEALTHY_REPLICA' } }
    return {
      kind: 'target',
      target: {
        endpoint: `r${index}`,
        isBound,
        typicalMs: () => scene.typicalMs ?? 1,
        forgo: () => void log.push(`forgo r${index}`),
        send: () => {
          log.push(`send r${index}`)
          return {
            attempt: Promise.resolve(attempt),
            upstreamIdJson: '7',
            abandon: () => void log.push(`abandon r${index}`),
            expire: () => {
              log.push(`expire r${index}`)
              scene.whenExpired?.()
            },
            ended: after => {
              const isAnswered = !(attempt instanceof Promise)
              if (isAnswered && isLateFault(attempt, after)) log.push(`blame r${index}`)
            },
            relearn: () => void log.push(`relearn r${index}`),
          }
        },
      },
    }
  }
  const stage = forward(
    freeRetries((facts, { tried }) =>
      scene.isLate === true
        ? Promise.resolve().then(() => choose(facts, tried))
        : choose(facts, tried),
    ),
    scene.judge ?? (() => 'relay'),
  )
  return { verdict: await stage.decide(call), call, log }
}

const code = ({ verdict }: Forwarded): string =>
  verdict.kind === 'refuse' ? verdict.refusal.code : verdict.kind

test('an answer is relayed under both ids, and the trail tells where it came from', async () => {
  const attempt = answeredAs(200, JSON_TYPE)
  const call = callAs({ message: messageAs({ idJson: '"x"' }) })
  const { verdict, log } = await forwarded({ attempts: [attempt], call })
  assert.ok(verdict.kind === 'answer' && verdict.answer.kind === 'relay')
  const { body, abandon, ended, deadline: _, ...rest } = verdict.answer.relay
  assert.equal(body, attempt.body)
  assert.deepEqual(rest, {
    isStream: false,
    upstreamIdJson: '7',
    callerIdJson: '"x"',
  })
  assert.deepEqual(call.trail, {
    attempts: 1,
    endpoint: 'r0',
    verdict: 'answered',
    firstByteMs: 1,
    isStream: false,
  })
  abandon()
  for (const after of [{ ended: 'whole' }, { ended: 'left' }, { rpcCode: -32_602 }] as const)
    ended(after)
  assert.deepEqual(log, ['send r0', 'abandon r0'])
  ended({ ended: 'whole', rpcCode: -32_603 })
  ended({ ended: 'cut' })
  assert.deepEqual(log, ['send r0', 'abandon r0', 'blame r0', 'blame r0'])
})

test('an event stream is relayed as one', async () => {
  const attempt = answeredAs(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' })
  const { verdict, call } = await forwarded({ attempts: [attempt] })
  assert.ok(verdict.kind === 'answer' && verdict.answer.kind === 'relay')
  assert.equal(verdict.answer.relay.isStream, true)
  assert.equal(call.trail.isStream, true)
})

test('what was not sent goes to another replica, until one takes it', async () => {
  for (const isLate of [false, true]) {
    const attempts = [NOT_SENT, NOT_SENT, answeredAs(200, JSON_TYPE)]
    const { call, log, ...rest } = await forwarded({ attempts, isLate })
    assert.equal(code({ call, log, ...rest }), 'answer')
    assert.deepEqual(log, ['send r0', 'send r1', 'send r2'])
    assert.deepEqual([call.trail.attempts, call.trail.endpoint], [3, 'r2'])
  }
})

test('when none is left to try, that is the refusal', async () => {
  const outcome = await forwarded({ attempts: [NOT_SENT] })
  assert.equal(code(outcome), 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.deepEqual(outcome.log, ['send r0'])
})

test('a session whose replica cannot be reached is lost; no other replica is tried', async () => {
  const outcome = await forwarded({ attempts: [NOT_SENT, answeredAs(200)], isBound: true })
  assert.equal(code(outcome), 'RINGMAIN_SESSION_UNKNOWN')
  assert.deepEqual(outcome.log, ['send r0'])
})

test('what was sent and may not run twice is never sent again, whatever became of it', async () => {
  for (const [attempt, expected] of [
    [{ kind: 'no_answer', detail: 'ECONNRESET' }, 'RINGMAIN_OUTCOME_UNKNOWN'],
    [{ kind: 'timeout', detail: '60 s' }, 'RINGMAIN_UPSTREAM_TIMEOUT'],
    [{ kind: 'abandoned' }, 'RINGMAIN_OUTCOME_UNKNOWN'],
  ] as const) {
    const outcome = await forwarded({ attempts: [attempt, answeredAs(200, JSON_TYPE)] })
    assert.equal(code(outcome), expected)
    // A legacy tool does not notice that nobody waits any more: it is told.
    const told = attempt.kind === 'timeout' ? ['abandon r0'] : []
    assert.deepEqual(outcome.log, ['send r0', ...told])
  }
})

test('a session ends with its replica, not with a fault that may be on this side', async () => {
  const far: Attempt = { kind: 'not_sent', detail: 'EMFILE', isNobodyThere: false }
  assert.equal(
    code(await forwarded({ attempts: [NOT_SENT], isBound: true })),
    'RINGMAIN_SESSION_UNKNOWN',
  )
  assert.equal(
    code(await forwarded({ attempts: [far], isBound: true })),
    'RINGMAIN_NO_HEALTHY_REPLICA',
  )
})

test('the judge may answer in its own words, at once or after reading, and may refuse', async () => {
  const error: McpAnswer = { kind: 'error', errorJson: '{}', rpcCode: -32_602, status: 400 }
  const refusal: Refusal = { code: 'RINGMAIN_UPSTREAM_REFUSED' }
  for (const [judged, expected] of [
    [error, { kind: 'answer', answer: error }],
    [Promise.resolve(error), { kind: 'answer', answer: error }],
    [refusal, { kind: 'refuse', refusal }],
    [Promise.resolve(refusal), { kind: 'refuse', refusal }],
  ] as const) {
    const { verdict, call } = await forwarded({ attempts: [answeredAs(400)], judge: () => judged })
    assert.deepEqual(verdict, expected)
    assert.equal(call.trail.firstByteMs, 1)
  }
})

test('an answer that is none is the replica’s fault, but for the statuses that say so with the first byte', async () => {
  const bad: Refusal = { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' }
  for (const [status, judged, blamed] of [
    [200, bad, ['blame r0']],
    [200, Promise.resolve(bad), ['blame r0']],
    [302, bad, ['blame r0']],
    [400, bad, []], // it answered, whatever the words
    [400, { kind: 'error', errorJson: '{}', rpcCode: -32_603, status: 200 }, ['blame r0']],
    [400, { kind: 'error', errorJson: '{}', rpcCode: -32_602, status: 400 }, []],
    [503, bad, []],
    [200, { code: 'RINGMAIN_UPSTREAM_REFUSED' }, []],
  ] as const) {
    const attempts = [answeredAs(status)]
    const { log } = await forwarded({ attempts, judge: () => judged })
    assert.deepEqual(log, ['send r0', ...blamed])
  }
})

test('a replica that contradicts what is believed of it is asked for its tools anew, and the caller is told the refusal', async () => {
  for (const isLate of [false, true]) {
    const judged = { code: 'RINGMAIN_UPSTREAM_REFUSED', isOutdated: true } as const
    const judge = () => (isLate ? Promise.resolve(judged) : judged)
    const { verdict, log } = await forwarded({ attempts: [answeredAs(400)], judge })
    assert.deepEqual(verdict, { kind: 'refuse', refusal: { code: 'RINGMAIN_UPSTREAM_REFUSED' } })
    assert.deepEqual(log, ['send r0', 'relearn r0'])
  }
})

test('a caller who leaves while the answer is awaited abandons the exchange', async () => {
  const caller = fakeCaller()
  const attempt = Promise.withResolvers<Attempt>()
  const forwarding = forwarded({ attempts: [attempt.promise], call: callAs({ caller }) })
  await Promise.resolve()
  caller.leave()
  attempt.resolve({ kind: 'abandoned' })
  assert.deepEqual((await forwarding).log, ['send r0', 'abandon r0'])
})

test('nothing is sent for a caller who left while a replica was being chosen', async () => {
  const caller = fakeCaller()
  const outcome = await forwarded({
    attempts: [answeredAs(200, JSON_TYPE)],
    call: callAs({ caller }),
    isLate: true,
    whenChosen: () => caller.leave(),
  })
  assert.deepEqual(outcome.log, ['forgo r0'])
  assert.equal(outcome.call.trail.attempts, 0)
})

test('a call whose time is over while it waits for a replica is refused as not executed, whatever the wait was told', async () => {
  const late = fakeDeadline()
  const call = callAs({ deadline: late.deadline })
  const refused = await forwarded({ attempts: [], call, isLate: true, whenChosen: late.end })
  assert.equal(code(refused), 'RINGMAIN_DEADLINE_EXCEEDED')
  const chosen = await forwarded({
    attempts: [answeredAs(200, JSON_TYPE)],
    call,
    isLate: true,
    whenChosen: late.end,
  })
  assert.equal(code(chosen), 'RINGMAIN_DEADLINE_EXCEEDED')
  assert.deepEqual(chosen.log, ['forgo r0'])
})

test('a call is not sent with less left than 20 ms, or than half of what its replica usually takes', async () => {
  for (const [leftMs, typicalMs, isSent] of [
    [19, 1, false],
    [20, 1, true],
    [20, 40, true],
    [499, 1_000, false],
    [500, 1_000, true],
  ] as const) {
    const call = callAs({ deadline: fakeDeadline({ leftMs }).deadline })
    const { log } = await forwarded({ attempts: [answeredAs(200, JSON_TYPE)], typicalMs, call })
    assert.deepEqual(log, [isSent ? 'send r0' : 'forgo r0'], `${leftMs} of ${typicalMs}`)
  }
})

test('a sent call whose time is over is ended and told as one that may have run', async () => {
  const late = fakeDeadline()
  const { promise, resolve } = Promise.withResolvers<Attempt>()
  const forwarding = forwarded({
    attempts: [promise],
    call: callAs({ deadline: late.deadline }),
    whenExpired: () => resolve({ kind: 'timeout', detail: 'late' }),
  })
  late.end()
  const done = await forwarding
  assert.equal(code(done), 'RINGMAIN_UPSTREAM_TIMEOUT')
  assert.deepEqual(done.log, ['send r0', 'expire r0', 'abandon r0'])
})

test('a call whose time ran out before its connection was there goes nowhere else, and has not run', async () => {
  for (const isBound of [false, true]) {
    const late = fakeDeadline()
    const { promise, resolve } = Promise.withResolvers<Attempt>()
    const forwarding = forwarded({
      attempts: [promise, answeredAs(200, JSON_TYPE)],
      isBound,
      call: callAs({ deadline: late.deadline }),
      whenExpired: () => resolve({ kind: 'not_sent', detail: 'late', isNobodyThere: false }),
    })
    late.end()
    const done = await forwarding
    assert.equal(code(done), 'RINGMAIN_DEADLINE_EXCEEDED')
    assert.deepEqual(done.log, ['send r0', 'expire r0'])
  }
})
