// Bringing endpoints in line with a set, small and large. Turns of the event loop are counted, never timed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance } from './discovery/instance.ts'
import type { Endpoint } from './endpoint.ts'
import { Membership } from './membership.ts'

/** Each look at the clock is one step of the work; two milliseconds are a slice. */
const STEP_MS = 0.01
const SLICE = 2 / STEP_MS

const instances = (count: number, from = 0): readonly Instance[] =>
  Array.from({ length: count }, (_, number) => ({
    key: `n/${from + number}`,
    host: '127.0.0.1',
    port: 1 + ((from + number) % 60_000),
    weight: 1,
    state: 'ready',
  }))

function rig() {
  const told: string[] = []
  const done = { count: 0 }
  let nowMs = 0
  const tell = (what: string) => (endpoint: Endpoint) => void told.push(`${what} ${endpoint.key}`)
  const membership = new Membership(
    { addresses: { allow: ['loopback'] } },
    {
      clock: { nowMs: () => (nowMs += STEP_MS) },
      onAdded: tell('+'),
      onChanged: tell('~'),
      onRenamed: tell('>'),
      onRemoved: tell('-'),
      onComplete: () => {
        done.count += 1
      },
    },
  )
  return { membership, told, done }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('a small set is complete at once', () => {
  const { membership, told, done } = rig()
  membership.apply(instances(2))
  assert.deepEqual([membership.size, done.count, told], [2, 1, ['+ n/0', '+ n/1']])
  membership.apply(instances(2, 1))
  assert.deepEqual(told.slice(2), ['~ n/1', '- n/0', '+ n/2'])
})

test('a large set is begun in a turn of its own, and a newer one takes its place before that', async () => {
  const { membership, told, done } = rig()
  membership.apply(instances(1))
  membership.apply(instances(1_001))
  assert.deepEqual([told, membership.isComplete], [['+ n/0'], false])
  membership.apply(instances(1).map(one => ({ ...one, weight: 2 })))
  assert.deepEqual([told, membership.isComplete], [['+ n/0', '~ n/0'], true])
  await turn()
  assert.deepEqual([membership.size, done.count], [1, 2])
  membership.apply(instances(1_001))
  await turn()
  assert.equal(told[2], '~ n/0', 'its turn has come')
})

test('a replica that is registered anew under another key is the one that was known', () => {
  const { membership, told } = rig()
  const [one, two, three] = instances(3) as [Instance, Instance, Instance]
  membership.apply([one, two])
  const known = membership.get('n/0') ?? assert.fail('it is not known')
  membership.apply([{ ...one, key: 'new/0' }, two, three])
  assert.deepEqual([membership.get('new/0'), membership.get('n/0')], [known, undefined])
  assert.deepEqual([known.key, known.isRemoved, membership.size], ['new/0', false, 3])
  assert.deepEqual(told.slice(2), ['> new/0', '+ n/2'])
})

test('of two new keys at one address one is the replica that was known, and a key that moved there is it, too', () => {
  const { membership, told } = rig()
  const [one, two] = instances(2) as [Instance, Instance]
  membership.apply([one, two])
  const known = membership.get('n/1')
  membership.apply([
    { ...two, key: 'n/0' },
    { ...two, key: 'n/7' },
  ])
  assert.equal(membership.get('n/0'), known)
  assert.deepEqual(told.slice(2), ['- n/0', '> n/0', '+ n/7'])
})

for (const change of [{ host: '127.0.0.9' }, { path: '/other' }, { tls: true }])
  test(`another key with another ${Object.keys(change).join()} is another replica`, () => {
    const { membership, told } = rig()
    const [one] = instances(1) as [Instance]
    membership.apply([one])
    membership.apply([{ ...one, ...change, key: 'new/0' }])
    assert.deepEqual(told.slice(1), ['- n/0', '+ new/0'])
  })

test('ten thousand come in slices with turns of the event loop between them', async () => {
  const { membership, done } = rig()
  membership.apply(instances(10_000))
  assert.ok(!membership.isComplete)
  let turns = 0
  for (; !membership.isComplete; turns += 1) {
    const before = membership.size
    await turn()
    assert.ok(membership.size - before <= SLICE + 1)
  }
  // Each is looked at and then added.
  assert.ok(turns >= (2 * 10_000) / SLICE - 1, String(turns))
  assert.deepEqual([membership.size, done.count], [10_000, 1])
})

test('ten thousand that are known are looked at in slices, too', async () => {
  const { membership, told } = rig()
  const set = instances(10_000)
  membership.apply(set)
  while (!membership.isComplete) await turn()
  told.length = 0
  membership.apply(set.map((instance, place) => (place < 9_999 ? instance : { ...instance })))
  assert.ok(!membership.isComplete && told.length === 0)
  let turns = 0
  for (; !membership.isComplete; turns += 1) await turn()
  assert.ok(turns >= (2 * 10_000) / SLICE - 1, String(turns))
  assert.deepEqual(told, ['~ n/9999'])
})

test('a newer set takes over from one that is half in place, and only it is complete', async () => {
  const { membership, told, done } = rig()
  membership.apply(instances(1_000))
  while (membership.size < SLICE) await turn()
  membership.apply(instances(3, 999))
  while (!membership.isComplete) await turn()
  assert.deepEqual(
    [...membership.values()].map(({ key }) => key),
    ['n/999', 'n/1000', 'n/1001'],
  )
  assert.equal(done.count, 1)
  const count = (mark: string) => told.filter(line => line.startsWith(mark)).length
  assert.equal(count('+') - count('-'), 3, 'each that came has gone, but for three')
})

test('a replica that takes calls again begins anew: how slow it was before says nothing', () => {
  const { membership } = rig()
  const [one] = instances(1) as [Instance]
  membership.apply([one])
  const known = membership.get('n/0') ?? assert.fail('it is not known')
  known.observe(1_500, 0)
  membership.apply([{ ...one, weight: 2 }])
  assert.ok(known.ewmaMs(0) > 1_000)
  membership.apply([{ ...one, state: 'draining' }])
  assert.ok(known.ewmaMs(0) > 1_000)
  membership.apply([{ ...one }])
  assert.ok(known.ewmaMs(0) < 2)
})

test('the very same instance again is no change', () => {
  const { membership, told } = rig()
  const set = instances(2)
  membership.apply(set)
  membership.apply(set)
  assert.equal(told.length, 2)
})

test('after its close nothing that was under way goes on', async () => {
  const { membership, done } = rig()
  membership.apply(instances(1_000))
  await membership.close()
  await turn()
  assert.deepEqual([membership.size, done.count], [0, 0])
})

test('ten thousand are taken out in slices, too', async () => {
  const { membership, told } = rig()
  membership.apply(instances(10_000))
  while (!membership.isComplete) await turn()
  const closing = membership.close()
  let turns = 0
  for (; membership.size > 0; turns += 1) await turn()
  await closing
  assert.ok(turns >= 10_000 / SLICE / 2, String(turns))
  assert.equal(told.filter(line => line.startsWith('-')).length, 10_000)
})
