// The cases of the discovery contract: what a source of replicas must do, whichever it is.
import assert from 'node:assert/strict'
import type { Discovery, Instance, Snapshot } from '#router/clusters/discovery/instance.ts'
import type { SnapshotLog } from '#test/support/snapshots.ts'
import { type Ability, type DiscoveryRig, firstReplicas } from './discovery-rig.ts'

/** A change is seen within this, the project's own bar. */
const BOUND_MS = 1_000
/** A question to Consul may hang for 26 s and a name is asked for each 10 s; a busy disk may take its time over the last good set. */
const PROMPT_MS = 5_000

export interface Running extends DiscoveryRig {
  readonly start: () => { readonly discovery: Discovery; readonly seen: SnapshotLog }
}

export type DiscoveryCase = readonly [string, readonly Ability[], (rig: Running) => Promise<void>]

const ports = ({ instances }: Pick<Snapshot, 'instances'>) =>
  instances.map(({ port }) => port).sort((a, b) => a - b)
const hasPorts =
  (...expected: readonly number[]) =>
  (set: Snapshot) =>
    ports(set).join() === expected.join()
const at = (port: number, { instances }: Pick<Snapshot, 'instances'>): Instance | undefined =>
  instances.find(instance => instance.port === port)

export const discoveryCases: readonly DiscoveryCase[] = [
  [
    "the first set is published once, complete, as the source's",
    [],
    async ({ start }) => {
      const { seen, discovery } = start()
      const first = await seen.until(() => true)
      assert.deepEqual(ports(first), [9_001, 9_002])
      assert.equal(first.from, 'source')
      assert.ok(Math.abs(Date.now() - first.asOfMs) < 60_000)
      for (const { key, host, weight, state } of first.instances)
        assert.deepEqual([key !== '', host, weight, state], [true, '127.0.0.1', 1, 'ready'])
      assert.equal(new Set(first.instances.map(({ key }) => key)).size, 2)
      const { isSynced, problem, failuresInRow } = discovery.status()
      assert.deepEqual([isSynced, problem, failuresInRow], [true, undefined, 0])
    },
  ],
  [
    'a replica that is added is seen within a second, and the others keep their keys',
    ['put'],
    async ({ start, put }) => {
      const { seen } = start()
      const first = await seen.until(hasPorts(9_001, 9_002))
      await put({ id: 'three', port: 9_003 })
      const next = await seen.until(hasPorts(9_001, 9_002, 9_003), BOUND_MS)
      assert.deepEqual(at(9_001, next), at(9_001, first))
    },
  ],
  [
    'a replica that is taken away is seen within a second, and gone for good',
    ['remove'],
    async ({ start, remove }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await remove('two')
      await seen.until(hasPorts(9_001), BOUND_MS)
    },
  ],
  [
    'a change of weight is seen within a second',
    ['put', 'weigh'],
    async ({ start, put }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await put({ id: 'one', port: 9_001, weight: 7 })
      await seen.until(set => at(9_001, set)?.weight === 7, BOUND_MS)
    },
  ],
  [
    'a replica that drains is seen within a second, and comes back',
    ['put', 'drain'],
    async ({ start, put }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await put({ id: 'one', port: 9_001, isDraining: true })
      await seen.until(set => at(9_001, set)?.state === 'draining', BOUND_MS)
      await put({ id: 'one', port: 9_001 })
      await seen.until(set => at(9_001, set)?.state === 'ready', BOUND_MS)
    },
  ],
  [
    'changes one after another are each seen within a second of themselves',
    ['put', 'remove'],
    async ({ start, put, remove }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      for (let round = 0; round < 3; round += 1) {
        await put({ id: 'three', port: 9_003 })
        await seen.until(hasPorts(9_001, 9_002, 9_003), BOUND_MS)
        await remove('three')
        await seen.until(hasPorts(9_001, 9_002), BOUND_MS)
      }
    },
  ],
  [
    'the same said again publishes nothing, and a change after it once',
    ['put', 'repeat'],
    async ({ start, put, repeat }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await repeat()
      await repeat()
      await put({ id: 'three', port: 9_003 })
      await seen.until(hasPorts(9_001, 9_002, 9_003), BOUND_MS)
      assert.equal(seen.all.length, 2, JSON.stringify(seen.all))
    },
  ],
  [
    'a source that fails keeps its last set, says so, and is followed again when it is back',
    ['fail', 'heal', 'put'],
    async ({ start, fail, heal, put }) => {
      const { seen, discovery } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await fail()
      await untilStatus(discovery, ({ problem }) => problem !== undefined)
      assert.ok(discovery.status().failuresInRow > 0)
      assert.equal(seen.all.length, 1)
      await heal()
      for (const replica of firstReplicas) await put(replica)
      await put({ id: 'three', port: 9_003 })
      const back = await seen.until(hasPorts(9_001, 9_002, 9_003), 15_000)
      assert.ok(seen.all.every(({ instances }) => instances.length >= 2))
      assert.equal(back.from, 'source')
      await untilStatus(discovery, ({ problem }) => problem === undefined)
    },
  ],
  [
    'a set is empty only when the source says so; a guarded source holds it until it is released',
    ['remove'],
    async ({ start, remove }) => {
      const { seen, discovery } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await remove('one')
      await seen.until(hasPorts(9_002), BOUND_MS)
      await remove('two')
      const last = await seen.until(
        set => set.instances.length === 0 || at(9_002, set)?.isHeld === true,
        BOUND_MS,
      )
      for (const { key } of last.instances) discovery.release(key)
      assert.deepEqual(seen.newest(), [])
    },
  ],
  [
    'the last replica is held while nobody has checked it, and is itself again when it comes back',
    ['remove', 'put', 'hold'],
    async ({ start, remove, put }) => {
      const { seen } = start()
      await seen.until(hasPorts(9_001, 9_002))
      await remove('one')
      await seen.until(hasPorts(9_002), BOUND_MS)
      await remove('two')
      await seen.until(set => at(9_002, set)?.isHeld === true, BOUND_MS)
      await put({ id: 'two', port: 9_002 })
      await seen.until(set => hasPorts(9_002)(set) && at(9_002, set)?.isHeld !== true, BOUND_MS)
    },
  ],
  [
    'the keys are the same for a provider that is opened anew',
    [],
    async ({ start }) => {
      const one = start()
      const first = await one.seen.until(hasPorts(9_001, 9_002))
      await one.discovery.close()
      const other = start()
      const again = await other.seen.until(
        set => hasPorts(9_001, 9_002)(set) && set.from === 'source',
      )
      assert.deepEqual(again.instances, first.instances)
    },
  ],
  [
    'close is prompt, nothing is published after it, and no timer or socket is left',
    [],
    async ({ start, put }) => {
      const before = handles()
      const { seen, discovery } = start()
      await seen.until(hasPorts(9_001, 9_002))
      const began = performance.now()
      await discovery.close()
      assert.ok(performance.now() - began < PROMPT_MS, 'close waited for more than the disk')
      await put({ id: 'three', port: 9_003 })
      assert.equal(seen.all.length, 1)
      await untilHandles(before)
    },
  ],
  [
    'a close right after the start is as prompt, and publishes nothing more',
    [],
    async ({ start }) => {
      const { seen, discovery } = start()
      await discovery.close()
      const published = seen.all.length
      await new Promise(resolve => setImmediate(resolve))
      assert.equal(seen.all.length, published)
    },
  ],
]

/** Status changes are not told; this looks on every turn of the event loop, up to a bound. */
async function untilStatus(
  discovery: Discovery,
  fits: (status: ReturnType<Discovery['status']>) => boolean,
): Promise<void> {
  const lastMs = performance.now() + 10_000
  while (!fits(discovery.status())) {
    if (performance.now() > lastMs)
      throw new Error(`status stays ${JSON.stringify(discovery.status())}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

const COUNTED: ReadonlySet<string> = new Set([
  'TCPSocketWrap',
  'Timeout',
  'FSEvent',
  'DNSChannel',
  'QueryWrap',
])

const handles = () => process.getActiveResourcesInfo().filter(kind => COUNTED.has(kind)).length

/** Sockets need some turns to go once they are destroyed. */
async function untilHandles(most: number): Promise<void> {
  const lastMs = performance.now() + 1_000
  while (handles() > most) {
    if (performance.now() > lastMs)
      throw new Error(`handles are left: ${process.getActiveResourcesInfo().join(', ')}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}
