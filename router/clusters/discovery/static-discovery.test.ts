// Endpoints of a document as instances.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StaticEndpoint } from '#routes/route-table.ts'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { createStaticDiscovery } from './static-discovery.ts'

function read(...endpoints: readonly StaticEndpoint[]) {
  const seen = snapshotLog()
  const discovery = createStaticDiscovery(endpoints, {
    clock: manualTime().clock,
    log: sentenceLog(),
  })
  discovery.start(seen.publish)
  return { instances: seen.newest(), status: discovery.status() }
}

test('host, port, path, weight and zone come from the document', () => {
  const { instances, status } = read({ url: 'http://127.0.0.1:9000/mcp', weight: 5, zone: 'a' })
  assert.deepEqual(instances, [
    {
      key: '127.0.0.1:9000/mcp',
      host: '127.0.0.1',
      port: 9_000,
      weight: 5,
      state: 'ready',
      path: '/mcp',
      zone: 'a',
    },
  ])
  assert.deepEqual([status.isSynced, status.problem], [true, undefined])
})

test('https is kept as a mark, with its own default port', () => {
  const { instances } = read(
    { url: 'https://tools.example/mcp', weight: 1 },
    { url: 'http://tools.example', weight: 1 },
  )
  assert.deepEqual(
    instances.map(({ key, port, tls, path }) => [key, port, tls, path]),
    [
      ['tools.example:443/mcp', 443, true, '/mcp'],
      ['tools.example:80', 80, undefined, undefined],
    ],
  )
})

test('an IPv6 address loses its brackets as a host and keeps them in the key', () => {
  const [instance] = read({ url: 'http://[::1]:9000/', weight: 1 }).instances
  assert.deepEqual([instance?.host, instance?.key], ['::1', '[::1]:9000'])
})

test('the same URL twice is one endpoint, and noted; two paths on one port are two', () => {
  const one = read({ url: 'http://h:1/a', weight: 1 }, { url: 'http://h:1/a', weight: 2 })
  assert.deepEqual(
    [one.instances.length, one.instances[0]?.weight, one.status.notes?.length],
    [1, 1, 1],
  )
  assert.equal(
    read({ url: 'http://h:1/a', weight: 1 }, { url: 'http://h:1/b', weight: 1 }).instances.length,
    2,
  )
})
