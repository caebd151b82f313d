// The rules of a blocking query, one by one, against scripted answers and a clock that the test moves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { answered, failed, queryRig } from '#test/support/query-rig.ts'
import type { ConsulOutcome } from './consul-http.ts'

test('the first question has no index, the next one the index of the answer', async () => {
  const { reply, asked, closed, run } = queryRig()
  await reply(answered('7'))
  await reply(answered('18446744073709551615'))
  assert.deepEqual(asked, [undefined, 7n, 18_446_744_073_709_551_615n])
  closed.abort()
  await run
})

test('an index that goes backwards is forgotten, and its answer still counts', async () => {
  const { reply, asked, taken, closed, run } = queryRig()
  await reply(answered('7'))
  await reply(answered('3'))
  await reply(answered('4'))
  assert.deepEqual(asked, [undefined, 7n, undefined, 4n])
  assert.deepEqual(taken, ['7', '3', '4'])
  closed.abort()
  await run
})

test('an index of zero becomes one, since zero would not block', async () => {
  const { reply, asked, closed, run } = queryRig()
  await reply(answered('0'))
  await settle()
  assert.deepEqual(asked, [undefined, 1n])
  closed.abort()
  await run
})

test('an answer without a usable index is a fault; the loop goes on with a plain read', async () => {
  for (const index of [undefined, '', '-1', '1.5', 'abc', '123456789012345678901']) {
    const { reply, asked, faults, taken, time, closed, run } = queryRig()
    await reply(answered('7'))
    await reply(answered(index))
    assert.deepEqual([faults, taken.length], [['garbled'], 1], String(index))
    await time.advance(500)
    assert.deepEqual(asked, [undefined, 7n, undefined])
    closed.abort()
    await run
  }
})

test('the back-off doubles from 500 ms to 12 s, and starts anew after an answer', async () => {
  const { reply, time, closed, run } = queryRig()
  const waits: number[] = []
  for (let turn = 0; turn < 9; turn += 1) {
    await reply(failed('busy'))
    waits.push(time.waits()[0] ?? 0)
    await time.advance(120_000)
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 12_000, 12_000, 12_000, 12_000])
  await reply(answered('7'))
  await reply(failed('unreachable'))
  assert.deepEqual(time.waits(), [500])
  closed.abort()
  await run
})

test('the back-off is jittered over its whole range', async () => {
  const { reply, time, closed, run } = queryRig(() => 0.25)
  await reply(failed('busy'))
  assert.deepEqual(time.waits(), [125])
  closed.abort()
  await run
})

test('a jitter of nothing still cannot make a loop hot: every question needs a token', async () => {
  const { reply, time, asked, closed, run } = queryRig(() => 0)
  for (let turn = 0; turn < 2; turn += 1) {
    await reply(failed('unreachable'))
    await time.advance(0)
  }
  assert.equal(asked.length, 2)
  assert.deepEqual(time.waits(), [1_000])
  closed.abort()
  await run
})

test('an index that is none is quoted by its beginning', async () => {
  const { reply, said, closed, run } = queryRig()
  await reply(answered('x'.repeat(5_000)))
  assert.equal(said[0], `Consul answered without a usable X-Consul-Index: ${'x'.repeat(40)}`)
  closed.abort()
  await run
})

test('an index that stays is asked on from', async () => {
  const { reply, asked, closed, run } = queryRig()
  await reply(answered('7'))
  await reply(answered('7'))
  assert.deepEqual(asked, [undefined, 7n, 7n])
  closed.abort()
  await run
})

test('another agent that has not failed yet is asked at once, and only a round of failures lengthens the pause', async () => {
  const { reply, time, setAnotherNext, closed, run } = queryRig()
  const waits: number[] = []
  for (let turn = 0; turn < 6; turn += 1) {
    setAnotherNext(turn % 2 === 0) // two agents
    await reply(failed('busy'))
    waits.push(time.waits()[0] ?? 0)
    await time.advance(60_000)
  }
  assert.deepEqual(waits, [250, 500, 250, 1_000, 250, 2_000])
  closed.abort()
  await run
})

/** What an outage makes of a question: how long it hangs, and with what it ends. */
const OUTAGES = [
  ['refuses connections', 0, { fault: { kind: 'unreachable', says: 'x', isNobody: true } }],
  ['is silent', 5_000, failed('unreachable')],
  ['stops in the middle of a late body', 15_000, failed('unreachable')],
  ['is busy', 0, failed('busy')],
  ['talks nonsense, late', 5_000, failed('garbled')],
  ['refuses, late', 5_000, failed('refused')],
  ['hides what it has', 0, failed('hidden')],
] as const satisfies readonly (readonly [string, number, ConsulOutcome])[]

for (const [what, hangsMs, outcome] of OUTAGES)
  test(`an agent that ${what} for an hour is asked again within 30 s of any moment`, async () => {
    const { reply, time, asked, closed, run } = queryRig()
    await reply(answered('7'))
    const endMs = time.clock.nowMs() + 3_600_000
    let longestMs = 0
    while (time.clock.nowMs() < endMs) {
      const [beganMs, before] = [time.clock.nowMs(), asked.length]
      await time.advance(hangsMs)
      await reply(outcome)
      while (asked.length === before) await time.advance(time.waits()[0] ?? 0)
      longestMs = Math.max(longestMs, time.clock.nowMs() - beganMs)
    }
    assert.ok(longestMs <= 30_000, `${longestMs} ms`)
    closed.abort()
    await run
  })

test('an answer that its reader refuses takes the path of a fault', async () => {
  const { reply, asked, faults, time, setVerdict, closed, run } = queryRig()
  await reply(answered('7'))
  setVerdict({ kind: 'hidden', says: 'hidden' })
  await reply(answered('8'))
  await time.advance(500)
  assert.deepEqual([faults, asked], [['hidden'], [undefined, 7n, undefined]])
  closed.abort()
  await run
})

test('an index that churns costs two questions and then one a second, then one in 15 s', async () => {
  const { reply, time, asked, setVerdict, closed, run } = queryRig()
  setVerdict('quiet')
  const askedBy: number[] = []
  for (let second = 0; second < 120; second += 1) {
    for (;;) {
      const before = asked.length
      if (time.waits().length > 0) break
      await reply(answered(String(100 + before)))
    }
    askedBy.push(asked.length)
    await time.advance(1_000)
  }
  assert.equal(askedBy[0], 2)
  assert.equal(askedBy[5], 7)
  assert.ok((askedBy[119] ?? 0) <= 28, `${askedBy[119]} questions in two minutes`)
  closed.abort()
  await run
})

test('a single change after silence is asked about without a pause', async () => {
  const { reply, time, asked, closed, run } = queryRig()
  await reply(answered('7'))
  await time.advance(55_000)
  await reply(answered('8'))
  assert.deepEqual(asked, [undefined, 7n, 8n])
  closed.abort()
  await run
})

test('an abort ends the loop at once, while it asks and while it waits', async () => {
  const asking = queryRig()
  await settle()
  asking.closed.abort()
  await asking.run
  assert.deepEqual(asking.faults, [], 'an abort is no fault of the source')
  const waiting = queryRig()
  await waiting.reply(failed('refused'))
  waiting.closed.abort()
  await waiting.run
  assert.deepEqual(waiting.time.waits(), [])
})
