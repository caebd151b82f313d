// A replica that is registered anew under another key at the address where it is known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { clusterPolicy, HEALTH, instanceAt } from '#test/support/cluster-policy.ts'
import { fakeDiscovery } from '#test/support/fake-discovery.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Cluster } from './cluster.ts'
import { CheckPace } from './health/check-pace.ts'

test('it serves on with its calls, and is asked at once what it lists now', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const discovery = fakeDiscovery()
  const asked: string[] = []
  const told: string[] = []
  const cluster = new Cluster(clusterPolicy('crm'), {
    discovery,
    check: async ({ key }, isDeep) => {
      asked.push(`${key}${isDeep ? ' deep' : ''}`)
      return {
        ok: true,
        learned: { eras: ['modern'], isSessionful: false, tools: toolsNamed(key) },
      }
    },
    pace: new CheckPace(seededRandom(7)),
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    random: seededRandom(7),
    hostRefusal: () => undefined,
    onRemoved: ({ key }) => void told.push(`removed ${key}`),
    log: event => void told.push(event),
  })
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 50) {
      nowMs += 50
      t.mock.timers.tick(50)
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  cluster.start()
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
  await cluster.close()
})
