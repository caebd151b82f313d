// Who is given calls while some are ejected: how many may be out, who is tried again and by whom, and what happens when too few are left.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Era } from '#routes/route-table.ts'
import { EJECTION } from '#test/support/cluster-policy.ts'
import { ejectingCluster } from '#test/support/ejecting-cluster.ts'
import { MODERN } from '#test/support/open-cluster.ts'
import type { Learned } from '../endpoint.ts'

const at = (port: number): string => `127.0.0.1:${port}`

const speaks = (era: Era, digest = 'same'): Learned => ({
  ...MODERN,
  eras: [era],
  lists: { [era]: { digest } },
})

test('an ejected replica is given nothing; after its time one call tries it, and a good answer brings it back with little', async t => {
  const { endpoints, chosen, calls, pass } = await ejectingCluster(t, 3)
  const [bad] = endpoints
  assert.ok(bad)
  await pass(60_000)
  calls(bad, 5, 'fault')
  assert.equal(bad.isEjected, true)
  assert.equal(chosen(200).has(bad.key), false)
  await pass(1_000)
  assert.equal(chosen(1, 'good').get(bad.key), 1, 'a probe goes first, whatever it would cost')
  assert.equal(chosen(1).has(bad.key), false, 'until it is known what came of it')
  await pass(1)
  assert.equal(bad.isEjected, false)
  assert.ok(bad.slowStart(62_002) < 0.2, 'it warms up anew')
})

test('with a hundred calls under way when it dies, no more than four others reach it, whatever was before', async t => {
  for (const before of [0, 10_000]) {
    const { cluster, endpoints, calls, pass } = await ejectingCluster(t, 2)
    const [bad, good] = endpoints
    assert.ok(bad && good)
    calls(bad, before, 'good')
    await pass(1_000)
    let reached = 0
    const underWay: number[] = []
    const begin = (): void => {
      const choice = cluster.choose('modern', new Set([good.key]))
      if (choice.kind !== 'endpoint') return
      reached += 1
      underWay.push(cluster.ejections.begin(bad))
    }
    for (let call = 0; call < 100; call += 1) begin()
    for (let call = 0; call < 1_000; call += 1) {
      const ticket = underWay.shift()
      if (ticket === undefined) break
      cluster.ejections.settle(bad, ticket, 'fault')
      begin() // as soon as one ends its place is taken
    }
    assert.equal(reached, 104)
    t.mock.timers.reset()
  }
})

test('under a thousand callers at once one is given the replica that is to be tried', async t => {
  const { cluster, endpoints, calls, pass } = await ejectingCluster(t, 3)
  const [bad] = endpoints
  assert.ok(bad)
  calls(bad, 5, 'fault')
  await pass(1_000)
  const given = Array.from({ length: 1_000 }, () => cluster.choose('modern'))
  const probes = given.filter(choice => choice.kind === 'endpoint' && choice.endpoint === bad)
  assert.equal(probes.length, 1)
  cluster.ejections.forgo(bad)
  await pass(1)
  assert.equal(cluster.choose('modern').kind === 'endpoint' && bad.breaker?.mayProbe, false)
})

test('of any pool no more than the share of it is out, and one at least where there are two', async t => {
  for (const [count, maxEjected, most] of [
    [1, 0.5, 0],
    [1, 1, 1],
    [2, 0.5, 1],
    [3, 0.5, 1],
    [5, 0.5, 2],
    [10, 0.29, 2],
    [10, 0.05, 1],
    [10, 0, 0],
    [4, 1, 4],
  ] as const) {
    const scene = await ejectingCluster(t, count, { ejection: { ...EJECTION, maxEjected } })
    for (const endpoint of scene.endpoints) scene.calls(endpoint, 50, 'fault')
    const out = scene.endpoints.filter(({ isEjected }) => isEjected)
    assert.equal(out.length, most, `${most} of ${count} at ${maxEjected}`)
    const kept = scene.endpoints.filter(({ isEjected }) => !isEjected)
    assert.ok(kept.every(({ breaker }) => breaker?.view(0).wouldBeEjected === true))
    t.mock.timers.reset()
  }
})

test('who is down by its checks does not count as room for more ejections', async t => {
  const { endpoints, sick, calls, pass } = await ejectingCluster(t, 4)
  const [one, two, three, four] = endpoints
  assert.ok(one && two && three && four)
  sick.add(one.key).add(two.key)
  await pass(20_000)
  calls(three, 5, 'fault')
  calls(four, 5, 'fault')
  assert.deepEqual([three.isEjected, four.isEjected], [true, false])
})

test('when fewer than half would be left the ejected take calls again, but none that is down', async t => {
  const { cluster, endpoints, sick, calls, chosen, pass } = await ejectingCluster(t, 4)
  const [one, two, three] = endpoints
  assert.ok(one && two && three)
  calls(one, 5, 'fault')
  assert.equal(chosen(100).has(one.key), false)
  assert.deepEqual(cluster.ejections.notes(), [])
  sick.add(two.key).add(three.key)
  cluster.suspect(two)
  cluster.suspect(three)
  await pass(400)
  assert.equal(cluster.serving('modern').length, 2)
  one.warmUp(-60_000)
  assert.deepEqual([...chosen(200).keys()].sort(), [at(1), at(4)])
  assert.deepEqual(cluster.ejections.notes(), [
    'ejected replicas get modern calls all the same: fewer than half would be left',
  ])
})

test('calls that may carry restricted data fail rather than go to an ejected replica', async t => {
  const { cluster, endpoints, sick, calls, pass } = await ejectingCluster(t, 2, {
    clearance: 'restricted',
  })
  const [one, two] = endpoints
  assert.ok(one && two)
  calls(one, 5, 'fault')
  sick.add(two.key)
  cluster.suspect(two)
  await pass(400)
  assert.deepEqual(cluster.choose('modern'), {
    kind: 'none',
    detail: 'crm: 0 of 2 replicas in service, 1 ejected',
  })
})

test('of each era no more than the share is out, whoever serves the other one', async t => {
  const learnedOf = (port: number): Learned => speaks(port <= 2 ? 'modern' : 'legacy')
  const { endpoints, calls } = await ejectingCluster(t, 4, {}, { learnedOf })
  for (const endpoint of endpoints) calls(endpoint, 5, 'fault')
  assert.deepEqual(
    endpoints.map(({ isEjected }) => isEjected),
    [true, false, true, false],
  )
})

test('who serves both eras is ejected only where both can do without it', async t => {
  const both: Learned = { ...speaks('modern'), eras: ['modern', 'legacy'] }
  const learnedOf = (port: number): Learned =>
    port === 1 ? both : speaks(port === 2 ? 'modern' : 'legacy')
  const { endpoints, calls } = await ejectingCluster(t, 4, { toolLists: 'any' }, { learnedOf })
  const [one, two] = endpoints
  assert.ok(one && two)
  calls(two, 5, 'fault')
  calls(one, 5, 'fault')
  assert.deepEqual([one.isEjected, two.isEjected], [false, true])
})

test('in panic those that are held open by hand stay out, and the others come back', async t => {
  const { cluster, endpoints, calls, chosen } = await ejectingCluster(t, 4)
  const [one, two, three] = endpoints
  assert.ok(one && two && three)
  calls(one, 5, 'fault')
  for (const endpoint of [two, three]) cluster.ejections.hold(endpoint, 'open')
  one.warmUp(-60_000)
  assert.deepEqual([...chosen(200).keys()].sort(), [at(1), at(4)])
  assert.equal(cluster.ejections.notes().length, 1)
})

test('who is set apart is no part of the pool that must not be emptied, and is not ejected from it', async t => {
  const learnedOf = (port: number): Learned => speaks('modern', port <= 2 ? 'new' : 'old')
  const restricted = { clearance: 'restricted' } as const
  const { cluster, endpoints, calls } = await ejectingCluster(t, 4, restricted, { learnedOf })
  assert.equal(cluster.serving('modern').length, 2)
  for (const endpoint of endpoints) calls(endpoint, 5, 'fault')
  const serving = cluster.serving('modern')
  assert.equal(serving.filter(({ isEjected }) => isEjected).length, 1)
  assert.equal(cluster.choose('modern').kind, 'endpoint')
  assert.equal(
    endpoints.some(one => one.isEjected && !serving.includes(one)),
    false,
  )
})

test('one that is ejected and has gone down since leaves room for another', async t => {
  const { cluster, endpoints, sick, calls, pass } = await ejectingCluster(t, 4, {
    ejection: { ...EJECTION, baseMs: 60_000, maxEjected: 0.34 },
  })
  const [one, two] = endpoints
  assert.ok(one && two)
  calls(one, 5, 'fault')
  calls(two, 5, 'fault')
  assert.deepEqual([one.isEjected, two.isEjected], [true, false])
  sick.add(one.key)
  cluster.suspect(one)
  await pass(400)
  calls(two, 1, 'fault')
  assert.equal(two.isEjected, true)
})

test('what is held open by hand takes no call in any need, and none is said to', async t => {
  const { cluster, endpoints, calls } = await ejectingCluster(t, 2)
  for (const endpoint of endpoints) cluster.ejections.hold(endpoint, 'open')
  assert.equal(cluster.choose('modern').kind, 'none')
  assert.deepEqual(cluster.ejections.notes(), [])
  const [one, two] = endpoints
  assert.ok(two)
  cluster.ejections.hold(two, undefined)
  assert.deepEqual(cluster.ejections.notes(), [])
  calls(two, 5, 'fault')
  assert.equal(two.isEjected, false, 'one is out already')
  cluster.ejections.hold(two, 'open')
  one?.breaker?.reset()
  assert.equal(cluster.choose('modern').kind, 'endpoint')
})

test('a good check does not bring an ejected replica back, and a bad one takes it down as ever', async t => {
  const { endpoints, sick, calls, pass } = await ejectingCluster(t, 2, {
    ejection: { ...EJECTION, baseMs: 60_000 },
  })
  const [bad] = endpoints
  assert.ok(bad)
  calls(bad, 5, 'fault')
  await pass(30_000)
  assert.deepEqual([bad.health, bad.isEjected], ['up', true])
  sick.add(bad.key)
  await pass(10_000)
  assert.deepEqual([bad.health, bad.isEjected], ['down', true])
})

test('a replica that leaves takes its ejection with it, and leaves no timer', async t => {
  const { cluster, discovery, endpoints, calls, pass } = await ejectingCluster(t, 2)
  const [bad] = endpoints
  assert.ok(bad)
  const late = cluster.ejections.begin(bad)
  calls(bad, 5, 'fault')
  discovery.publish()
  assert.equal(cluster.ejections.out.size, 0)
  cluster.ejections.settle(bad, late, 'fault')
  await pass(10_000)
  assert.equal(cluster.ejections.hasProbes, false)
})

test('ejections are counted by their reason, and told in the log', async t => {
  const { cluster, endpoints, calls, chosen, pass, log } = await ejectingCluster(t, 3)
  const [one, two] = endpoints
  assert.ok(one && two)
  calls(one, 5, 'fault')
  await pass(1_000)
  chosen(1, 'fault')
  await pass(1)
  await pass(2_000)
  chosen(1, 'good')
  await pass(1)
  cluster.ejections.breakerOf(two).forceOpen()
  assert.deepEqual(cluster.ejections.counts, {
    consecutive_faults: 1,
    success_rate: 0,
    probe_failed: 1,
    forced: 1,
  })
  assert.deepEqual(log(), [
    `endpoint.ejected ${at(1)} consecutive_faults`,
    `endpoint.half_open ${at(1)}`,
    `endpoint.ejected ${at(1)} probe_failed`,
    `endpoint.half_open ${at(1)}`,
    `endpoint.restored ${at(1)}`,
    `endpoint.ejected ${at(2)} forced`,
  ])
})
