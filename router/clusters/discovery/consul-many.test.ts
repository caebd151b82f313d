// Ten thousand replicas through the whole Consul provider and back from disk: that nothing is lost or doubled on the way.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFakeConsul } from '#test/support/fake-consul.ts'
import { manyReplicas } from '#test/support/many-replicas.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { createSources } from './open-discovery.ts'

const COUNT = 10_000

test('ten thousand replicas are published whole, a change of a hundred keeps the others, and disk gives all back', async t => {
  const fake = await startFakeConsul()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-many-'))
  const log = sentenceLog()
  const open = (agent: string) => {
    const sources = createSources({ stateDirectory, consul: { agents: [agent] }, log })
    const discovery = sources.open({ kind: 'consul', service: 's' })
    const seen = snapshotLog()
    discovery.start(seen.publish)
    const close = async () => {
      await discovery.close()
      await sources.close()
    }
    return { seen, close }
  }
  t.after(async () => {
    await fake.close()
    await rm(stateDirectory, { recursive: true, force: true })
  })
  const many = manyReplicas(COUNT, 9_000)
  fake.registerAll('s', many)
  const { seen, close } = open(fake.url)
  const first = await seen.until(({ instances }) => instances.length === COUNT, 10_000)
  assert.equal(new Set(first.instances.map(({ key }) => key)).size, COUNT)
  const isPicked = (number: number) => number % 100 === 0
  fake.registerAll(
    's',
    many.map((replica, number) => (isPicked(number) ? { ...replica, port: 9_001 } : replica)),
  )
  const next = await seen.until(
    ({ instances }) => instances.some(({ port }) => port === 9_001),
    10_000,
  )
  const kept = next.instances.filter((instance, place) => instance === first.instances[place])
  assert.equal(kept.length, COUNT - 100, 'what has not changed is the very same object')
  await close()
  const again = open('http://127.0.0.1:1')
  const recalled = await again.seen.until(({ from }) => from === 'disk', 10_000)
  assert.deepEqual(recalled.instances, next.instances)
  await again.close()
})
