// When the disk speaks for the source, and when the guard's hold ends.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { createGuardedFeed } from './guarded-feed.ts'
import type { Instance } from './instance.ts'

const fleet = (names: string): readonly Instance[] =>
  Array.from(names, name => ({
    key: name,
    host: name,
    port: 80,
    weight: 1,
    state: 'ready' as const,
  }))
const shown = (instances: readonly Instance[]) =>
  instances.map(({ key, isHeld }) => (isHeld === true ? key.toUpperCase() : key)).join('')

async function rig(t: TestContext) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-feed-'))
  t.after(() => rm(stateDirectory, { recursive: true }))
  const time = manualTime()
  const log = sentenceLog()
  const open = async () => {
    const seen = snapshotLog()
    const feed = createGuardedFeed(
      { stateDirectory, kind: 'consul', service: 's', scope: '' },
      { ...time, log, random: seededRandom(1) },
    )
    await feed.begin(seen.publish)
    return { feed, seen }
  }
  /** An earlier run that ended with these. */
  const before = async (names: string) => {
    const { feed } = await open()
    feed.accept(fleet(names))
    await feed.close()
  }
  return { open, before, time, log }
}

test('a source that answers within half a second is believed, and the disk stays silent', async t => {
  const { open, before, time } = await rig(t)
  await before('ab')
  const { feed, seen } = await open()
  await time.advance(499)
  assert.equal(seen.all.length, 0)
  feed.accept(fleet('abc'))
  await time.advance(10_000)
  assert.deepEqual(
    seen.all.map(({ from, instances }) => `${from} ${shown(instances)}`),
    ['source abc'],
  )
  await feed.close()
})

test('a source that says nothing for half a second is stood in for by the disk, with its age', async t => {
  const { open, before, time, log } = await rig(t)
  await before('ab')
  const savedAt = time.clock.wallMs()
  await time.advance(3_600_000)
  const { feed, seen } = await open()
  await time.advance(500)
  assert.deepEqual(
    [shown(seen.newest()), seen.all[0]?.from, seen.all[0]?.asOfMs],
    ['ab', 'disk', savedAt],
  )
  assert.match(log.sentences.join('\n'), /serving the set of 2027-.* from disk/)
  await feed.close()
})

test('a first attempt that fails brings the disk at once, and later failures not again', async t => {
  const { open, before } = await rig(t)
  await before('ab')
  const { feed, seen } = await open()
  feed.fail('refused')
  feed.fail('refused')
  assert.equal(seen.all.length, 1)
  assert.equal(seen.all[0]?.from, 'disk')
  const { isSynced, problem, failuresInRow } = feed.status()
  assert.deepEqual(
    { isSynced, problem, failuresInRow },
    { isSynced: false, problem: 'refused', failuresInRow: 2 },
  )
  await feed.close()
})

test('without a disk set nothing is published until the source answers', async t => {
  const { open, time } = await rig(t)
  const { feed, seen } = await open()
  feed.fail('refused')
  await time.advance(60_000)
  assert.equal(seen.all.length, 0)
  await feed.close()
})

test('a source that comes back empty does not empty what the disk stood in for', async t => {
  const { open, before } = await rig(t)
  await before('ab')
  const { feed, seen } = await open()
  feed.fail('refused')
  feed.accept([])
  assert.equal(shown(seen.newest()), 'AB')
  await feed.close()
})

test('right after a restart the first answer may not empty what was served before; hours later it may', async t => {
  const { open, before, time } = await rig(t)
  await before('ab')
  const soon = await open()
  soon.feed.accept([])
  assert.equal(shown(soon.seen.newest()), 'AB')
  await soon.feed.close()
  await time.advance(3_600_000)
  const late = await open()
  late.feed.accept([])
  assert.equal(shown(late.seen.newest()), '')
  await late.feed.close()
})

test('a held instance goes when it is released, and its absence survives a restart', async t => {
  const { open } = await rig(t)
  const { feed, seen } = await open()
  feed.accept(fleet('abc'))
  feed.accept(fleet('a'))
  assert.equal(shown(seen.newest()), 'aBC')
  feed.release('b')
  assert.equal(shown(seen.newest()), 'aC')
  await feed.close()
  const next = await open()
  next.feed.fail('refused')
  assert.equal(shown(next.seen.newest()), 'aC')
  await next.feed.close()
})

test('a held instance that is listed still is down when it is released, whatever the source repeats', async t => {
  const { open } = await rig(t)
  const { feed, seen } = await open()
  feed.accept(fleet('a'))
  const failing: Instance = {
    ...(fleet('a')[0] as Instance),
    state: 'down',
    reason: 'check beat is critical',
    hasFailedCheck: true,
  }
  feed.accept([failing])
  assert.equal(shown(seen.newest()), 'A')
  await feed.close()
  const next = await open() // a restart does not forget why it is held
  next.feed.fail('refused')
  assert.equal(shown(next.seen.newest()), 'A')
  next.feed.release('a')
  assert.deepEqual(next.seen.newest(), [failing])
  next.feed.accept([{ ...failing }])
  assert.deepEqual(next.seen.newest(), [failing])
  await next.feed.close()
})

test('a release of an instance that is not held, or not known, changes nothing', async t => {
  const { open } = await rig(t)
  const { feed, seen } = await open()
  feed.accept(fleet('ab'))
  feed.release('a')
  feed.release('nobody')
  assert.equal(seen.all.length, 1)
  await feed.close()
})

test('a fleet that the source loses answer by answer is held beyond half; a minute later it leaves in good order', async t => {
  const { open, time } = await rig(t)
  const { feed, seen } = await open()
  feed.accept(fleet('abcdefgh'))
  await time.advance(3_600_000) // however long it has stood
  for (const names of ['abcd', 'ab', 'a']) feed.accept(fleet(names))
  assert.equal(shown(seen.newest()), 'aBCD')
  for (const key of ['b', 'c', 'd']) feed.release(key)
  feed.accept(fleet('abcd'))
  await time.advance(60_001)
  feed.accept(fleet('abc'))
  assert.equal(shown(seen.newest()), 'abc')
  await feed.close()
})

test('after close nothing is published or saved, and no wait is left', async t => {
  const { open, before, time } = await rig(t)
  await before('ab')
  const { feed, seen } = await open()
  await feed.close()
  await time.advance(1_000)
  feed.accept(fleet('x'))
  feed.fail('late')
  assert.equal(seen.all.length, 0)
  assert.deepEqual(time.waits(), [])
  const next = await open()
  next.feed.fail('refused')
  assert.equal(shown(next.seen.newest()), 'ab')
  await next.feed.close()
})
