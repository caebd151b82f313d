// A large list that Consul repeats is not read again, unless something casts doubt on it. Time is the test's.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isPause, passPauses, SERVICE, watchedFake } from '#test/support/consul-watched.ts'
import type { ConsulFaultScript } from '#test/support/fake-consul.ts'
import { manyReplicas } from '#test/support/many-replicas.ts'
import { SOUND } from '#test/support/query-rig.ts'
import { listsTheSame } from './consul-question.ts'

const GARBAGE: ConsulFaultScript = { kind: 'body', body: '<html>' }
const FIVE_MINUTES_MS = 300_000

async function watched(t: TestContext, replicas: number) {
  const { fake, time, open } = await watchedFake(t)
  fake.registerAll(SERVICE, manyReplicas(replicas, 9_000))
  const asked = fake.nextRequest()
  const { discovery, seen } = open()
  await asked
  const hanging = fake.nextRequest()
  await seen.until(({ instances }) => instances.length === replicas)
  await hanging
  /** The query that hangs is answered like this, under the index it has; resolves when the next one is asked. */
  const answer = async (fault: ConsulFaultScript) => {
    const next = fake.nextRequest()
    fake.script(fault)
    void time.untilWaiting(isPause).then(() => passPauses(time))
    return next
  }
  return { fake, time, discovery, seen, answer }
}

test('a thousand replicas under the same index are not read again, and count as an answer', async t => {
  const { time, discovery, seen, answer } = await watched(t, 1_000)
  const before = discovery.status().answeredAtMs ?? 0
  await time.advance(1_000)
  assert.notEqual((await answer(GARBAGE)).index, null)
  const { problem, failuresInRow, answeredAtMs } = discovery.status()
  assert.deepEqual([problem, failuresInRow, seen.all.length], [undefined, 0, 1])
  assert.ok((answeredAtMs ?? 0) >= before + 1_000)
})

test('nor are they behind the streaming backend, whose answers know of no leader', async t => {
  const { discovery, answer } = await watched(t, 1_000)
  const headers = { 'x-consul-query-backend': 'streaming', 'x-consul-knownleader': 'false' }
  await answer({ kind: 'body', body: '<html>', headers })
  assert.equal(discovery.status().problem, undefined)
})

test('fewer are read each time', async t => {
  const { discovery, answer } = await watched(t, 10)
  await answer(GARBAGE)
  assert.match(discovery.status().problem ?? '', /not JSON/)
})

test('a change under another index is read, and what did not change is the very same object', async t => {
  const { fake, seen } = await watched(t, 1_000)
  fake.register(SERVICE, { id: 'one-more', port: 9_001, address: '127.0.0.1' })
  const next = await seen.until(({ instances }) => instances.length === 1_001)
  const known = new Set(seen.all[0]?.instances)
  assert.equal(next.instances.filter(instance => known.has(instance)).length, 1_000)
})

for (const [why, before, now, afterMs] of [
  ['five minutes have passed', {}, {}, FIVE_MINUTES_MS],
  ['the index moved', {}, { index: '8' }, 0],
  ['a token sees less than all', {}, { isFilteredByAcl: true }, 0],
  ['a token saw less than all', { isFilteredByAcl: true }, {}, 0],
  ['it was asked without a token that is needed', { isBlind: true }, { isBlind: true }, 0],
  ['the server knows no leader', {}, { knowsLeader: false }, 0],
] as const)
  test(`a list is read again when ${why}`, () => {
    const read = { answer: { ...SOUND, ...before }, instances: 5_000, atMs: 10 }
    assert.equal(listsTheSame(read, { ...SOUND, ...now }, 10 + afterMs), false)
    assert.equal(listsTheSame({ ...read, answer: SOUND }, SOUND, 10), true)
  })
