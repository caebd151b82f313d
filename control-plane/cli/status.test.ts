// The status screen: at most twenty lines, inside its width, with what needs attention said in words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterView, EndpointView, ReadyView, RouterView } from '#foundation/admin-views.ts'
import { statusLines } from './status.ts'

const plain = (width: number) => ({ width, paint: (_style: unknown, text: string) => text })

const endpoint = (key: string, more: Partial<EndpointView> = {}): EndpointView => ({
  key,
  url: 'http://127.0.0.1:1',
  state: 'ready',
  health: 'up',
  eras: ['modern'],
  weight: 1,
  isHeld: false,
  isApart: false,
  ewmaMs: 3,
  inFlight: 1,
  streams: 0,
  calls: 10,
  faults: 0,
  ...more,
})

const cluster = (name: string, more: Partial<ClusterView> = {}): ClusterView => ({
  name,
  vendor: 'demo',
  clearance: 'restricted',
  assurance: 'standard',
  discovery: { kind: 'consul', isSynced: true },
  waiting: 0,
  endpoints: [endpoint(`${name}-1`), endpoint(`${name}-2`)],
  ...more,
})

const ready: ReadyView = { ready: true, draining: false, checks: [] }
const router = (names: readonly string[]): RouterView => ({
  version: '0.1.0',
  pid: 1,
  uptimeMs: 61_000,
  mcp: 'http://127.0.0.1:7400',
  admin: 'http://127.0.0.1:7402',
  table: { version: 'abcdef0123456789', loadedAtMs: 0 },
  virtualServers: names.map(name => ({
    name,
    path: `/mcp/${name}`,
    clusters: [name, `${name}-more`],
  })),
  calls: { total: 5, refused: 1, inFlight: 2, streams: 3 },
  overload: {
    level: 0,
    says: 'normal',
    loopDelayMs: 0,
    busyShare: 0.1,
    heapShare: 0.1,
    inFlight: 0,
    oldestWaitMs: 0,
    shed: {},
  },
})

test('a healthy router is shown with its counts, and nothing asks for attention', () => {
  const lines = statusLines(
    { ready, router: router(['search']), clusters: [cluster('search')] },
    plain(80),
  )
  const screen = lines.join('\n')
  assert.match(screen, /router 0\.1\.0 {2}ready {2}up 1m 1s/)
  assert.match(screen, /http:\/\/127\.0\.0\.1:7400\/mcp /)
  assert.match(screen, /search .* 2\/2 /)
  assert.match(screen, /2 in flight, 3 streams/)
  assert.ok(!screen.includes('!'))
})

test('overload, and what a cluster tells of its replicas together, come before single replicas', () => {
  const refusing = { id: 'overload', ok: false, detail: 'refuses sheddable calls' }
  const note = 'ejected replicas get modern calls all the same'
  const odd = cluster('search', { notes: [note], endpoints: [endpoint('a', { health: 'down' })] })
  const lines = statusLines(
    { ready: { ...ready, checks: [refusing] }, router: router(['search']), clusters: [odd] },
    plain(80),
  )
  assert.deepEqual(lines.slice(-3), [
    '! overload: refuses sheddable calls',
    `! search: ${note}`,
    '! search: a: down',
  ])
})

test('what has no room among what needs attention is counted', () => {
  const endpoints = [1, 2].map(place =>
    endpoint(`r${place}`, { health: 'down', reason: 'no answer' }),
  )
  const clusters = Array.from({ length: 9 }, (_, place) => cluster(`c${place}`, { endpoints }))
  const lines = statusLines({ ready, router: router(['search']), clusters }, plain(80))
  assert.deepEqual(lines.slice(-2), [
    '! c3: 2 replicas: r1: no answer',
    '… 5 more: npx ringmain clusters',
  ])
})

test('of more clusters than have room those with replicas out are shown', () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`)
  const broken = { endpoints: [endpoint('a', { health: 'down' })] }
  const clusters = names.map(name => cluster(name, name === 'c39' ? broken : {}))
  const lines = statusLines({ ready, router: router(['search']), clusters }, plain(80))
  const first = lines.findIndex(line => line.startsWith('CLUSTER')) + 1
  assert.match(lines[first] ?? '', /^c39 +0\/1/)
  assert.match(lines[first + 1] ?? '', /^c0 +2\/2/)
})

test('any number of servers, clusters and troubles fits one screen of either width', () => {
  const names = Array.from({ length: 40 }, (_, index) => `cluster-with-a-long-name-${index}`)
  const clusters = names.map(name =>
    cluster(name, {
      endpoints: [endpoint('a', { health: 'down', reason: 'no answer '.repeat(9) })],
    }),
  )
  for (const width of [80, 100]) {
    const lines = statusLines({ ready, router: router(names), clusters }, plain(width))
    assert.ok(lines.length <= 20, `${lines.length} lines`)
    for (const line of lines) assert.ok(line.length <= width, line)
    assert.ok(lines.some(line => /more virtual servers and \d+ more clusters/.test(line)))
  }
})

test('what lists leave out comes last, with a name and its reason', () => {
  const view = router(['search'])
  const [server] = view.virtualServers
  assert.ok(server !== undefined)
  const named = ['a.b: its name is not portable', 'c.d: its name is not portable']
  const leftOut = [{ cluster: 'search', list: 'tools', count: 2, named }]
  const lines = statusLines(
    {
      ready,
      router: { ...view, virtualServers: [{ ...server, leftOut }] },
      clusters: [cluster('search', { endpoints: [endpoint('a', { health: 'down' })] })],
    },
    plain(100),
  )
  assert.deepEqual(lines.slice(-2), [
    '! search: a: down',
    '! search: search: a.b: its name is not portable; 2 of its tools not listed',
  ])
})

test('what makes the router unready comes before what may', () => {
  const unready = {
    ready: false,
    draining: false,
    checks: [
      { id: 'table', ok: true, detail: 'loaded' },
      { id: 'clusters', ok: false, detail: 'search has no endpoint' },
    ],
  }
  const broken = {
    ...router(['search']),
    table: { ...router([]).table, problem: 'a.yaml:1:1 no\na.yaml:2:1 nor this', ageMs: 90_000 },
  }
  const lines = statusLines(
    { ready: unready, router: broken, clusters: [cluster('search', { endpoints: [] })] },
    plain(80),
  )
  const attention = lines.filter(line => line.startsWith('!'))
  assert.match(lines[0] ?? '', /not ready/)
  assert.match(attention[0] ?? '', /clusters: search has no endpoint/)
  assert.match(attention[1] ?? '', /policies: what is served is 1m 30s old$/)
  assert.match(attention[2] ?? '', /policies: a\.yaml:1:1 no$/)
  assert.match(attention[3] ?? '', /policies: a\.yaml:2:1 nor this$/)
})

test('one source that fails is one line, however many clusters use it', () => {
  const discovery = { kind: 'consul', isSynced: true, problem: 'no answer' }
  const clusters = ['a', 'b', 'c'].map(name => cluster(name, { discovery }))
  const lines = statusLines({ ready, router: router(['a']), clusters }, plain(80))
  assert.deepEqual(
    lines.filter(line => line.startsWith('!')),
    ['! a and 2 more: consul: no answer'],
  )
})

test('a replica whose calls fail is not counted as one that serves, although its checks are good', () => {
  const ejected = endpoint('search-2', {
    reason: 'ejected: too few good answers',
    breaker: { state: 'open', isForced: false, wouldBeEjected: false },
  })
  const clusters = [cluster('search', { endpoints: [endpoint('search-1'), ejected] })]
  const lines = statusLines({ ready, router: router(['search']), clusters }, plain(80))
  assert.ok(lines.some(line => /search +1\/2/.test(line)))
  assert.ok(lines.includes('! search: search-2: ejected: too few good answers'))
})

test('the nearest tier of each cluster is shown where there is more than one', () => {
  const screenOf = (...tiers: readonly EndpointView['tier'][]) => {
    const endpoints = tiers.map((tier, place) =>
      endpoint(`r${place}`, { ...(tier && { tier }), ...(place === 0 ? { health: 'down' } : {}) }),
    )
    const clusters = [cluster('search', { endpoints })]
    return statusLines({ ready, router: router(['search']), clusters }, plain(120)).join('\n')
  }
  assert.match(screenOf('zone', 'zone', 'remote'), /NEAREST.*\n.*search .* zone 1\/2 /)
  assert.ok(!screenOf('zone', 'zone').includes('NEAREST'))
  assert.ok(!screenOf(undefined, 'zone').includes('NEAREST'))
})
