// What becomes of a replica that is known: registered anew under another key, or listing its tools in another way.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import type { Era } from '#routes/route-table.ts'
import { clusterPolicy, HEALTH, instanceAt } from '#test/support/cluster-policy.ts'
import { fakeDiscovery } from '#test/support/fake-discovery.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { UNDECIDED } from '#test/support/undecided.ts'
import { EraBalancers } from './balancers/era-balancers.ts'
import { Cluster } from './cluster.ts'
import type { KnownList } from './endpoint.ts'
import { CheckPace } from './health/check-pace.ts'

function ground(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const discovery = fakeDiscovery()
  const asked: string[] = []
  const told: string[] = []
  const found: { eras: readonly Era[]; list: KnownList } = { eras: ['modern'], list: {} }
  const cluster = new Cluster(clusterPolicy('crm'), {
    discovery,
    check: async ({ key }, isDeep) => {
      asked.push(`${key}${isDeep ? ' deep' : ''}`)
      const lists = { modern: found.list }
      const learned = { eras: found.eras, isSessionful: false, tools: toolsNamed(key), lists }
      return { ok: true, learned }
    },
    balancers: new EraBalancers({ here: {}, seed: 7 }),
    pace: new CheckPace(seededRandom(7)),
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    random: seededRandom(7),
    decisions: UNDECIDED,
    hostRefusal: () => undefined,
    onRemoved: ({ key }) => void told.push(`removed ${key}`),
    log: event => void told.push(event),
  })
  t.after(() => cluster.close())
  cluster.start()
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 50) {
      nowMs += 50
      t.mock.timers.tick(50)
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  return { cluster, discovery, asked, told, found, pass }
}

test('under another key it serves on with its calls, and is asked at once what it lists now', async t => {
  const { cluster, discovery, asked, told, pass } = ground(t)
  discovery.publish(instanceAt(1, { key: 'old' }))
  await pass(2 * HEALTH.intervalMs)
  const endpoint = cluster.endpoint('old') ?? assert.fail('it is not known')
  endpoint.inFlight = 1
  discovery.publish(instanceAt(1, { key: 'new' }))
  assert.deepEqual(cluster.choose('modern'), { kind: 'endpoint', endpoint })
  assert.deepEqual([endpoint.key, endpoint.inFlight], ['new', 1])
  await pass(1_050)
  assert.equal(asked.at(-1), 'new deep')
  assert.deepEqual([cluster.tool('old'), cluster.tool('new')], [undefined, { mirrors: [] }])
  assert.ok(!told.some(what => /removed|down/.test(what)), told.join(', '))
})

test('the log says that it is up when it comes up and when it speaks another era, not whenever its list fails', async t => {
  const { discovery, told, found, pass } = ground(t)
  const saidUp = (): number => told.filter(event => event === 'endpoint.up').length
  found.list = { digest: 'a' }
  discovery.publish(instanceAt(1))
  await pass(HEALTH.intervalMs)
  for (const misses of [1, 2, 3]) {
    found.list = { digest: 'a', misses, problem: 'cut' }
    await pass(2 * HEALTH.intervalMs)
  }
  assert.equal(saidUp(), 1)
  found.eras = ['modern', 'legacy']
  await pass(2 * HEALTH.intervalMs)
  assert.equal(saidUp(), 2)
})
