// What a real Consul agent cannot be made to do, done by the fake to the router's whole watch: what is believed of it, what is
// told, and that the next change is followed all the same.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MOST_WATCHES } from '#router/clusters/discovery/consul-watches.ts'
import type { Instance } from '#router/clusters/discovery/instance.ts'
import {
  type ConsulFaultScript,
  type FakeConsul,
  startFakeConsul,
} from '#test/support/fake-consul.ts'
import { until } from '#test/support/until.ts'
import { SERVICE } from './consul-rig.ts'
import { openWatch, openWatches, problemOf, type Watch } from './consul-watcher.ts'

const BOUND_MS = 10_000
/** What an agent allows one address unless it is told otherwise. */
const AGENT_CONNECTIONS = 200
const hasIds =
  (ids: string) =>
  ({ instances }: { readonly instances: readonly Instance[] }): boolean =>
    instances
      .map(({ key }) => key.split('/')[1])
      .toSorted((one = '', other = '') => one.localeCompare(other))
      .join(' ') === ids

const register = (fake: FakeConsul, ...ids: readonly string[]): void => {
  for (const id of ids)
    fake.register(SERVICE, { id, port: 9_000 + id.charCodeAt(0), meta: { note: 'ü€😀' } })
}

/** The fault is there from the first question on. */
async function under(
  t: TestContext,
  fault: ConsulFaultScript,
): Promise<Watch & { fake: FakeConsul }> {
  const fake = await startFakeConsul()
  t.after(fake.close)
  register(fake, 'a', 'b')
  fake.always(fault)
  return { fake, ...(await openWatch(t, fake.url)) }
}

async function isFollowed({ fake, seen }: Watch & { fake: FakeConsul }): Promise<void> {
  fake.always(undefined)
  register(fake, 'c')
  await seen.until(hasIds('a b c'), BOUND_MS)
}

const asksOf = ({ requests }: FakeConsul): readonly (string | null)[] =>
  requests.map(({ index }) => index)

test('an answer that comes byte by byte is read as one that comes at once', async t => {
  const watch = await under(t, { kind: 'split' })
  const split = await watch.seen.until(hasIds('a b'), BOUND_MS)
  watch.fake.always(undefined)
  const { seen } = await openWatch(t, watch.fake.url)
  const whole = await seen.until(hasIds('a b'))
  assert.deepEqual(split.instances, whole.instances)
  assert.equal(watch.discovery.status().problem, undefined)
  await isFollowed(watch)
})

test('headers that are late are waited for', async t => {
  const watch = await under(t, { kind: 'slow', ms: 500 })
  await watch.seen.until(hasIds('a b'), BOUND_MS)
  assert.equal(watch.discovery.status().failuresInRow, 0)
  await isFollowed(watch)
})

test('an index of zero is never asked for, and does not make the watch spin', async t => {
  const watch = await under(t, { kind: 'index', index: '0' })
  await watch.seen.until(hasIds('a b'), BOUND_MS)
  await until('a few questions', () => watch.fake.requests.length >= 4)
  assert.deepEqual([...new Set(asksOf(watch.fake))], [null, '1'])
  await isFollowed(watch)
})

test('an index that falls each time is forgotten each time', async t => {
  const watch = await under(t, { kind: 'backwards' })
  await watch.seen.until(hasIds('a b'), BOUND_MS)
  await until('a few questions', () => watch.fake.requests.length >= 4)
  const asked = asksOf(watch.fake)
  assert.deepEqual(
    asked.map(index => index === null),
    asked.map((_, place) => place % 2 === 0),
    asked.join(),
  )
  await isFollowed(watch)
})

test('a server without a leader is believed where it names replicas, and its answer is doubted', async t => {
  const watch = await under(t, { kind: 'headers', headers: { 'x-consul-knownleader': 'false' } })
  await watch.seen.until(hasIds('a b'), BOUND_MS)
  assert.match(await problemOf(watch.discovery), /no leader.*stale/)
  await isFollowed(watch)
  assert.equal(watch.discovery.status().problem, undefined)
})

test('a server that lost its leader long ago is believed, and its answer is doubted', async t => {
  const watch = await under(t, {
    kind: 'headers',
    headers: { 'x-consul-lastcontact': '3600000' },
  })
  await watch.seen.until(hasIds('a b'), BOUND_MS)
  assert.match(await problemOf(watch.discovery), /not heard from its leader.*stale/)
  await isFollowed(watch)
  assert.equal(watch.discovery.status().problem, undefined)
})

test('a router that asks more than an agent bears is turned away by none, and says which watch waits', async t => {
  const fake = await startFakeConsul({ mostConnections: AGENT_CONNECTIONS })
  t.after(fake.close)
  const services = Array.from({ length: MOST_WATCHES + 20 }, (_, number) => `mcp-${number}`)
  for (const service of services) fake.register(service, { id: 'a', port: 9_001 })
  const watches = await openWatches(t, fake.url, services)
  await until('each to have a set or a problem', () =>
    watches.every(({ discovery, seen }) => {
      return seen.all.length > 0 || discovery.status().problem !== undefined
    }),
  )
  const problems = watches.flatMap(({ discovery }) => discovery.status().problem ?? [])
  assert.equal(problems.length, 20)
  for (const problem of problems) assert.match(problem, /watches 150 questions to Consul already/)
  assert.ok(fake.connections() < AGENT_CONNECTIONS, `${fake.connections()} connections`)
  t.diagnostic(`${fake.connections()} connections for ${MOST_WATCHES} watches`)
})
