// The whole Consul provider against a fake agent that misbehaves. Waiting is on a clock the test moves; sockets are real.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchedFake as rig, SERVICE } from '#test/support/consul-watched.ts'
import type { ConsulFaultScript } from '#test/support/fake-consul.ts'
import type { Snapshot } from './instance.ts'

const shown = ({ instances }: Pick<Snapshot, 'instances'>) =>
  instances.map(({ key, isHeld }) => key.slice(-1) + (isHeld === true ? '*' : '')).join(' ')

test('the question names the service, the filter and the datacenter, stale and without `passing`', async t => {
  const { fake, open, register } = await rig(t, {
    filter: 'Service.Meta["rm-zone"] != ""',
    datacenter: 'dc2',
  })
  register('a')
  const { seen } = open()
  await seen.until(set => shown(set) === 'a')
  const blocking = fake.requests[1] ?? (await fake.nextRequest())
  const [plain] = fake.requests
  assert.deepEqual(Object.fromEntries(plain?.url.searchParams ?? []), {
    stale: '',
    filter: 'Service.Meta["rm-zone"] != ""',
    dc: 'dc2',
  })
  assert.deepEqual([blocking.index, blocking.url.searchParams.get('wait')], ['11', '20s'])
})

test('a blocking query is waited for as long as Consul may hold it, a plain read for 5 s', async t => {
  const { time, open, register, fake } = await rig(t)
  register('a')
  fake.script({ kind: 'silent' })
  const asked = fake.nextRequest()
  const { seen, discovery } = open()
  await asked
  assert.equal(await time.untilWaiting(ms => ms === 5_000), 5_000)
  await time.advance(5_000)
  assert.match(discovery.status().problem ?? '', /did not answer in time/)
  await time.advance(500)
  await seen.until(set => shown(set) === 'a')
  assert.equal(await time.untilWaiting(ms => ms > 26_000), 26_250)
})

test('a wake-up without a change publishes nothing', async t => {
  const { fake, open, register } = await rig(t)
  register('a')
  const { seen } = open()
  await seen.until(set => shown(set) === 'a')
  await (fake.requests.length > 1 ? undefined : fake.nextRequest())
  const next = fake.nextRequest()
  fake.touch()
  await next
  fake.register(SERVICE, { id: 'a', port: 9_097, checks: [{ id: 'beat', status: 'passing' }] })
  await seen.until(set => shown(set) === 'a')
  assert.equal(
    seen.all.length,
    1,
    'a check that passes, with an output that changes each time, is no news',
  )
})

const FAULTS: readonly (readonly [string, ConsulFaultScript, RegExp])[] = [
  [
    'an answer without an index',
    { kind: 'index', index: undefined },
    /without a usable X-Consul-Index/,
  ],
  [
    'an answer with an index that is no number',
    { kind: 'index', index: 'soon' },
    /X-Consul-Index: soon/,
  ],
  ['a body that is not JSON', { kind: 'body', body: '<html>busy</html>' }, /not JSON/],
  ["a body that is JSON and not Consul's", { kind: 'body', body: '{"error":1}' }, /not a list/],
  ['a body cut in the middle', { kind: 'cut' }, /gave no answer/],
  ['status 429', { kind: 'status', status: 429 }, /answered 429/],
  ['status 500', { kind: 'status', status: 500, body: 'No cluster leader' }, /No cluster leader/],
  ['status 503', { kind: 'status', status: 503 }, /answered 503/],
  [
    'an empty list that the token was not allowed to see past',
    { kind: 'headers', headers: { 'x-consul-results-filtered-by-acls': 'true' }, isEmpty: true },
    /hides every instance/,
  ],
  [
    'an empty list from a server without a leader',
    { kind: 'headers', headers: { 'x-consul-knownleader': 'false' }, isEmpty: true },
    /knows no leader/,
  ],
]

for (const [name, fault, says] of FAULTS)
  test(`${name} keeps the last set, says why, and the watch goes on with a plain read`, async t => {
    const { fake, time, log, open, register, untilBackOff } = await rig(t)
    register('a', 'b')
    const { seen, discovery } = open()
    await seen.until(set => shown(set) === 'a b')
    fake.script(fault)
    await untilBackOff()
    const { problem, failuresInRow, isSynced } = discovery.status()
    assert.match(problem ?? '', says)
    assert.deepEqual([failuresInRow, isSynced, seen.all.length], [1, true, 1])
    assert.ok(!log.sentences.join().includes('secret-token'))
    register('c')
    const asked = fake.nextRequest()
    await time.advance(1_000)
    assert.equal((await asked).index, null)
    await seen.until(set => shown(set) === 'a b c')
    assert.deepEqual([discovery.status().problem, discovery.status().failuresInRow], [undefined, 0])
  })

for (const status of [400, 403])
  test(`status ${status} is told, and asked again after 24 s`, async t => {
    const { fake, time, open, register } = await rig(t)
    register('a')
    fake.script({ kind: 'status', status, body: 'Permission denied' })
    const { seen, discovery } = open()
    await time.untilWaiting(ms => ms === 24_000)
    assert.match(
      discovery.status().problem ?? '',
      new RegExp(`${status}: Permission denied.*Check the token`),
    )
    await time.advance(23_999)
    assert.equal(fake.requests.length, 1)
    await time.advance(1)
    await seen.until(set => shown(set) === 'a')
  })

test('an index that goes backwards is followed by a plain read, and the set of the answer counts', async t => {
  const { fake, time, open, register } = await rig(t)
  fake.setIndex(500)
  register('a')
  const { seen } = open()
  await seen.until(set => shown(set) === 'a')
  await (fake.requests.length > 1 ? undefined : fake.nextRequest())
  const next = fake.nextRequest()
  fake.setIndex(3)
  assert.equal((await next).index, null)
  register('b')
  await time.untilWaiting(ms => ms === 1_000)
  await time.advance(1_000)
  await seen.until(set => shown(set) === 'a b')
})

test('an index of zero is asked on from one', async t => {
  const { fake, open, register } = await rig(t)
  register('a')
  fake.script({ kind: 'index', index: '0' })
  const { seen } = open()
  await seen.until(set => shown(set) === 'a')
  assert.equal((fake.requests[1] ?? (await fake.nextRequest())).index, '1')
})

test('a server without a leader, or long out of touch with it, is believed and its answer marked as doubtful', async t => {
  const doubts: readonly Readonly<Record<string, string>>[] = [
    { 'x-consul-knownleader': 'false' },
    { 'x-consul-lastcontact': '10001' },
    { 'x-consul-results-filtered-by-acls': 'true' },
  ]
  for (const headers of doubts) {
    const { fake, open, register } = await rig(t)
    register('a')
    fake.script({ kind: 'headers', headers })
    const { seen, discovery } = open()
    await seen.until(set => shown(set) === 'a')
    assert.match(discovery.status().problem ?? '', /stale|hides some/)
    assert.equal(discovery.status().failuresInRow, 0)
    await (fake.requests.length > 1 ? undefined : fake.nextRequest())
    register('b')
    await seen.until(set => shown(set) === 'a b')
    assert.equal(discovery.status().problem, undefined)
  }
})

test('an index that churns is asked twice and then once a second', async t => {
  const { fake, time, open, register } = await rig(t)
  register('a')
  fake.churn(true)
  const { seen } = open()
  await seen.until(set => shown(set) === 'a')
  await time.untilWaiting(ms => ms === 1_000)
  const before = fake.requests.length
  for (let second = 0; second < 5; second += 1) {
    const asked = fake.nextRequest()
    await time.advance(1_000)
    await asked
    await time.untilWaiting(ms => ms > 900 && ms <= 1_000)
  }
  assert.equal(fake.requests.length, before + 5)
  assert.ok(before <= 3, `${before} requests at once`)
  assert.equal(seen.all.length, 1)
})

test('an agent that refuses connections is left for the next one', async t => {
  const { fake, time, open, register, untilBackOff } = await rig(t)
  register('a')
  const { seen, discovery } = open(['http://127.0.0.1:1', fake.url])
  await untilBackOff()
  assert.match(
    discovery.status().problem ?? '',
    /127\.0\.0\.1:1 gave no answer.*name another with --consul/,
  )
  await time.advance(500)
  await seen.until(set => shown(set) === 'a')
})

test('a catalogue that lost everything does not empty the set until checks of our own agree', async t => {
  const { fake, open, register } = await rig(t)
  register('a', 'b')
  const { seen, discovery } = open()
  await seen.until(set => shown(set) === 'a b')
  await (fake.requests.length > 1 ? undefined : fake.nextRequest())
  fake.script({ kind: 'body', body: '[]' })
  await seen.until(set => shown(set) === 'a* b*')
  discovery.release(seen.newest()[0]?.key ?? '')
  assert.equal(shown({ instances: seen.newest() }), 'b*')
})

test('a router that starts while Consul is away serves the set of before', async t => {
  const { fake, time, open, register, untilBackOff } = await rig(t)
  register('a', 'b')
  const first = open()
  await first.seen.until(set => shown(set) === 'a b')
  await first.discovery.close()
  fake.always({ kind: 'status', status: 500, body: 'No cluster leader' })
  const second = open()
  await second.seen.until(set => set.from === 'disk' && shown(set) === 'a b')
  await untilBackOff()
  assert.equal(second.discovery.status().isSynced, false)
  fake.always(undefined)
  await time.advance(1_000)
  await second.seen.until(set => set.from === 'source' && shown(set) === 'a b')
})

test('close ends a query that hangs at once, and nothing is published afterwards', async t => {
  const { fake, time, open, register } = await rig(t)
  register('a')
  const { seen, discovery } = open()
  await seen.until(set => shown(set) === 'a')
  await (fake.requests.length > 1 ? undefined : fake.nextRequest())
  await discovery.close()
  register('b')
  assert.equal(seen.all.length, 1)
  assert.deepEqual(time.waits(), [])
})
