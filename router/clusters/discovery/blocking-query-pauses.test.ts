// How long a blocking query pauses after a refusal, and after an agent that is not running.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failed, queryRig } from '#test/support/query-rig.ts'

test('a refusal is asked again after 18 to 24 s, and the loop does not end', async () => {
  for (const [chance, afterMs] of [
    [0, 18_000],
    [1, 24_000],
  ] as const) {
    const { reply, time, asked, closed, run } = queryRig(() => chance)
    await reply(failed('refused'))
    await time.advance(afterMs - 1)
    assert.equal(asked.length, 1)
    await time.advance(1)
    assert.equal(asked.length, 2)
    closed.abort()
    await run
  }
})

test('after a refusal it is looked every five seconds whether somebody has acted, and asked at once then', async () => {
  let looks = 0
  const { reply, time, asked, closed, run } = queryRig(
    () => 1,
    async () => ++looks === 3,
  )
  await reply(failed('refused'))
  await time.advance(14_999)
  assert.deepEqual([looks, asked.length], [2, 1])
  await time.advance(1)
  assert.deepEqual([looks, asked.length], [3, 2])
  closed.abort()
  await run
})

test('who never acts on a refusal does not put off the next question', async () => {
  const { reply, time, asked, closed, run } = queryRig(
    () => 1,
    async () => false,
  )
  await reply(failed('refused'))
  await time.advance(23_999)
  assert.equal(asked.length, 1)
  await time.advance(1)
  assert.equal(asked.length, 2)
  closed.abort()
  await run
})

test('an abort ends the wait after a refusal without another look', async () => {
  let looks = 0
  const { reply, closed, run } = queryRig(
    () => 1,
    async () => {
      looks += 1
      return false
    },
  )
  await reply(failed('refused'))
  closed.abort()
  await run
  assert.equal(looks, 0)
})

test('an agent that is not running is asked every five seconds at last', async () => {
  const { reply, time, closed, run } = queryRig()
  const waits: number[] = []
  for (let turn = 0; turn < 6; turn += 1) {
    await reply({ fault: { kind: 'unreachable', says: 'x', isNobody: true } })
    waits.push(time.waits()[0] ?? 0)
    await time.advance(60_000)
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 5_000, 5_000])
  closed.abort()
  await run
})
