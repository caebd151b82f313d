// Several datacenters as one set: each by its own watch, and none that is lost takes another's replicas along.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { startFakeConsul } from '#test/support/fake-consul.ts'
import { fakeDiscovery } from '#test/support/fake-discovery.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import type { Snapshot } from './instance.ts'
import { createJoinedDiscovery } from './joined-discovery.ts'
import { createSources } from './open-discovery.ts'

function ground() {
  const [east, west] = [fakeDiscovery(), fakeDiscovery()]
  const discovery = createJoinedDiscovery([
    { name: 'east', discovery: east },
    { name: 'west', discovery: west },
  ])
  const seen: Snapshot[] = []
  discovery.start(snapshot => void seen.push(snapshot))
  const keys = () => seen.at(-1)?.instances.map(({ key, datacenter }) => `${datacenter} ${key}`)
  return { discovery, east, west, seen, keys }
}

const one = instanceAt(9_001, { key: 'node/mcp-1' })

test('the same node and service id in two datacenters are two replicas', () => {
  const { east, west, keys } = ground()
  east.publish(one)
  assert.deepEqual(keys(), ['east east/node/mcp-1'], 'one that has not answered yet holds up none')
  west.publish(one)
  assert.deepEqual(keys(), ['east east/node/mcp-1', 'west west/node/mcp-1'])
})

test('a change of one keeps the objects of the other, and its own that have not changed', () => {
  const { east, west, seen } = ground()
  east.publish(one)
  west.publish(one, instanceAt(9_002))
  const before = seen.at(-1)?.instances ?? []
  west.publish(one, instanceAt(9_003))
  const after = seen.at(-1)?.instances ?? []
  assert.equal(after[0], before[0])
  assert.equal(after[1], before[1])
  assert.notEqual(after[2], before[2])
})

test('a held replica is released by the source that holds it', () => {
  const { discovery, east, west } = ground()
  discovery.release('west/node/mcp-1')
  discovery.release('elsewhere/node/mcp-1')
  assert.deepEqual([east.released, west.released], [[], ['node/mcp-1']])
})

test('what one says of its trouble is told under its name, and it is synced when all are', () => {
  const { discovery, east, west } = ground()
  east.publish(one)
  assert.equal(discovery.status().isSynced, false)
  west.publish(one)
  east.tell({ answeredAtMs: 50, agent: 'http://a', defects: 1 })
  west.tell({ answeredAtMs: 20, problem: 'no path', failuresInRow: 4, notes: ['odd'], defects: 1 })
  assert.deepEqual(discovery.status(), {
    kind: 'consul',
    isSynced: true,
    failuresInRow: 4,
    problem: 'west: no path',
    answeredAtMs: 20,
    notes: ['west: odd'],
    agent: 'http://a',
    defects: 2,
  })
})

test('the set is from disk while a part of it is', () => {
  const { discovery } = ground()
  assert.equal(discovery.status().isSynced, false)
  const fromDisk = createJoinedDiscovery([
    {
      name: 'east',
      discovery: {
        ...fakeDiscovery(),
        start: publish => publish({ instances: [one], asOfMs: 5, from: 'disk' }),
      },
    },
    {
      name: 'west',
      discovery: {
        ...fakeDiscovery(),
        start: publish => publish({ instances: [], asOfMs: 9, from: 'source' }),
      },
    },
  ])
  const seen: Snapshot[] = []
  fromDisk.start(snapshot => void seen.push(snapshot))
  assert.deepEqual(
    seen.map(({ from, asOfMs }) => [from, asOfMs]),
    [
      ['disk', 5],
      ['disk', 5],
    ],
  )
})

test('all are closed', async () => {
  const { discovery, east, west } = ground()
  await discovery.close()
  assert.deepEqual([east.isClosed(), west.isClosed()], [true, true])
})

test('each datacenter of a policy has a blocking query of its own', async t => {
  const fake = await startFakeConsul()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-joined-'))
  const sources = createSources({
    stateDirectory,
    consul: { agents: [fake.url] },
    log: sentenceLog(),
  })
  const discovery = sources.open({ kind: 'consul', service: 's', datacenters: ['dc2', 'dc1'] })
  t.after(async () => {
    await discovery.close()
    await sources.close()
    await fake.close()
    await rm(stateDirectory, { recursive: true, force: true })
  })
  fake.register('s', { id: 'one', port: 9_001 })
  const seen = snapshotLog()
  discovery.start(seen.publish)
  await seen.until(({ instances }) => instances.length === 2)
  fake.register('s', { id: 'two', port: 9_002 })
  await seen.until(({ instances }) => instances.length === 4)
  const blocking = fake.requests.filter(({ index }) => index !== null)
  assert.deepEqual(
    new Set(blocking.map(({ url }) => url.searchParams.get('dc'))),
    new Set(['dc1', 'dc2']),
  )
})
