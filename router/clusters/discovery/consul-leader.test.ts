// A leader that is lost and found again while answers do not tell of it: looked for now and then, told by the watch at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passPauses, watchedFake } from '#test/support/consul-watched.ts'
import { manualTime } from '#test/support/manual-time.ts'
import { until } from '#test/support/until.ts'
import type { ConsulAnswer } from './consul-http.ts'
import { createLeaderSight } from './consul-leader.ts'

const answer = (backend: string, knowsLeader: boolean): ConsulAnswer => ({
  index: '7',
  isFilteredByAcl: false,
  isBlind: false,
  knowsLeader,
  lastContactMs: 0,
  backend,
})

test('an answer that tells is believed, and nobody is asked', async () => {
  const { clock } = manualTime()
  const sight = createLeaderSight(() => assert.fail('it was asked'), clock)
  for (const knowsLeader of [true, false, true])
    assert.equal(sight.correct(answer('blocking-query', knowsLeader)).knowsLeader, knowsLeader)
  assert.equal(await sight.look(new AbortController().signal), false)
})

test('where answers do not tell it is asked every ten seconds, and no answer changes nothing', async () => {
  const time = manualTime()
  const asked: number[] = []
  const says: (boolean | undefined)[] = [true, undefined, false, undefined, false, true]
  const sight = createLeaderSight(async () => {
    asked.push(time.clock.nowMs())
    return says.shift()
  }, time.clock)
  const beganMs = time.clock.nowMs()
  const known: boolean[] = []
  const changed: number[] = []
  for (let second = 1; second <= 60; second += 1) {
    known.push(sight.correct(answer('streaming', false)).knowsLeader)
    await time.advance(1_000)
    if (await sight.look(new AbortController().signal)) changed.push(second)
  }
  assert.deepEqual(
    asked.map(atMs => (atMs - beganMs) / 1_000),
    [10, 20, 30, 40, 50, 60],
  )
  assert.deepEqual(changed, [30, 60])
  assert.deepEqual([known[29], known[30], known[59]], [true, false, false])
  assert.equal(sight.correct(answer('streaming', false)).knowsLeader, true)
})

test('a leader lost behind the streaming backend is told, and its return', async t => {
  const { fake, time, open, register } = await watchedFake(t)
  register('a')
  const headers = { 'x-consul-query-backend': 'streaming', 'x-consul-knownleader': 'false' }
  fake.always({ kind: 'headers', headers }) // answers at once, so that the pace is all there is to wait for
  const { seen, discovery } = open()
  await seen.until(({ instances }) => instances.length === 1)
  const becomes = async (isLed: boolean): Promise<void> => {
    fake.lead(isLed)
    await until(`the watch to know whether there is a leader: ${isLed}`, async () => {
      await passPauses(time)
      const { problem } = discovery.status()
      return isLed ? problem === undefined : /no leader/.test(problem ?? '')
    })
  }
  assert.equal(discovery.status().problem, undefined)
  await becomes(false)
  await becomes(true)
  assert.equal(seen.all.length, 1)
})
