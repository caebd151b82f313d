// Several agents of one Consul: which is asked next when one fails, and how soon each of them is asked again.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isPause, passPauses, SERVICE, watchedFake } from '#test/support/consul-watched.ts'
import {
  type ConsulFaultScript,
  type FakeConsul,
  startFakeConsul,
} from '#test/support/fake-consul.ts'
import { until } from '#test/support/until.ts'

async function others(t: TestContext, count: number): Promise<readonly FakeConsul[]> {
  const fakes = await Promise.all(Array.from({ length: count }, () => startFakeConsul()))
  t.after(() => Promise.all(fakes.map(fake => fake.close())))
  return fakes
}

test('the agent after one that is gone is asked within a quarter of a second, however long the others were gone', async t => {
  const { fake, time, open, register } = await watchedFake(t)
  const [second] = await others(t, 1)
  assert.ok(second !== undefined)
  register('a')
  for (const agent of [fake, second]) agent.always({ kind: 'status', status: 500 })
  const { seen } = open([fake.url, second.url])
  const pauses: number[] = []
  for (let count = 0; count < 24; count += 1) {
    const pauseMs = await time.untilWaiting(isPause)
    pauses.push(pauseMs)
    await time.advance(pauseMs)
  }
  assert.deepEqual(
    pauses.slice(-2).toSorted((one, other) => one - other),
    [250, 12_000],
  )
  assert.equal(seen.all.length, 0)
})

test('of three agents that say nothing each is asked again within 30 s', async t => {
  const { fake, time, open } = await watchedFake(t)
  const agents = [fake, ...(await others(t, 2))]
  for (const agent of agents) agent.always({ kind: 'silent' })
  const askedMs = agents.map((): number[] => [])
  open(agents.map(({ url }) => url))
  const place = (): number =>
    agents.findIndex(({ requests }, number) => requests.length > (askedMs[number]?.length ?? 0))
  for (let count = 0; count < 24; count += 1) {
    await until('the next question', () => place() >= 0)
    askedMs[place()]?.push(time.clock.nowMs())
    await time.advance(5_000)
    await time.advance(await time.untilWaiting(isPause))
  }
  for (const moments of askedMs) {
    assert.equal(moments.length, 8)
    const gaps = moments.slice(1).map((atMs, place) => atMs - (moments[place] ?? 0))
    assert.ok(Math.max(...gaps) <= 30_000, gaps.join())
  }
})

const HIDING: ConsulFaultScript = {
  kind: 'headers',
  headers: { 'x-consul-results-filtered-by-acls': 'true' },
  isEmpty: true,
}
const REFUSALS: readonly ConsulFaultScript[] = [
  ...[302, 400, 401, 403, 404, 413].map(status => ({ kind: 'status', status }) as const),
  HIDING,
]

for (const refusal of REFUSALS)
  test(`what one agent refuses the next is asked for: ${'status' in refusal ? refusal.status : 'rights'}`, async t => {
    const { fake, time, open } = await watchedFake(t)
    const [second] = await others(t, 1)
    assert.ok(second !== undefined)
    second.register(SERVICE, { id: 'a', port: 9_000 })
    fake.always(refusal)
    const { seen } = open([fake.url, second.url])
    await time.advance(await time.untilWaiting(ms => ms === 250))
    await seen.until(({ instances }) => instances.length === 1)
    assert.equal(fake.requests.length, 1)
  })

test('what every agent refuses is asked of each once, and then after a long pause', async t => {
  const { fake, time, open } = await watchedFake(t)
  const agents = [fake, ...(await others(t, 2))]
  for (const agent of agents) agent.always({ kind: 'status', status: 403 })
  open(agents.map(({ url }) => url))
  for (const rounds of [1, 2]) {
    for (let pauseMs = 0; pauseMs < 1_000; ) {
      await time.advance(pauseMs)
      pauseMs = await time.untilWaiting(isPause)
    }
    assert.deepEqual(
      agents.map(({ requests }) => requests.length),
      [rounds, rounds, rounds],
    )
    await time.advance(await time.untilWaiting(ms => ms === 24_000))
  }
})

test('a preferred agent that knows a leader and refuses all the same is tried ever more seldom', async t => {
  const { fake, time, open } = await watchedFake(t)
  const [second] = await others(t, 1)
  assert.ok(second !== undefined)
  fake.always({ kind: 'status', status: 403 })
  open([fake.url, second.url])
  const beganMs = time.clock.nowMs()
  while (time.clock.nowMs() - beganMs < 600_000) {
    const asked = second.requests.length
    await until('the second agent is asked', async () => {
      await passPauses(time)
      return second.requests.length > asked
    })
    await time.advance(10_000)
    second.touch()
  }
  assert.equal(fake.requests.length, 4, 'at the start, after one minute, two more and four more')
})
