// What every provider shares: nothing twice, nothing after close, and a status that says how the source is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import type { Instance } from './instance.ts'
import { createInstanceFeed } from './instance-feed.ts'

const one = (key: string, more: Partial<Instance> = {}): Instance => ({
  key,
  host: 'h',
  port: 1,
  weight: 1,
  state: 'ready',
  ...more,
})

function rig() {
  const time = manualTime()
  const log = sentenceLog()
  const seen = snapshotLog()
  const feed = createInstanceFeed({ kind: 'test', clock: time.clock, log })
  feed.begin(seen.publish)
  return { time, log, seen, feed }
}

test('an equal set in another order, or with its fields in another order, is not published again', () => {
  const { feed, seen } = rig()
  assert.equal(feed.accept([one('a'), one('b')]), true)
  assert.equal(feed.accept([one('b'), one('a')]), false)
  assert.equal(
    feed.accept([{ state: 'ready', weight: 1, port: 1, host: 'h', key: 'a' }, one('b')]),
    false,
  )
  assert.equal(seen.all.length, 1)
})

test('a change of any one field is published', () => {
  const changes: Partial<Instance>[] = [
    { host: 'i' },
    { port: 2 },
    { tls: true },
    { path: '/x' },
    { weight: 2 },
    { state: 'down' },
    { reason: 'why' },
    { zone: 'z' },
    { eras: ['modern'] },
    { isHeld: true },
  ]
  for (const change of changes) {
    const { feed, seen } = rig()
    feed.accept([one('a')])
    feed.accept([one('a', change)])
    assert.equal(seen.all.length, 2, JSON.stringify(change))
  }
})

test('a first answer that is empty is published as such', () => {
  const { feed, seen } = rig()
  feed.accept([])
  assert.deepEqual(seen.newest(), [])
  assert.equal(seen.all.length, 1)
})

test("a set from disk that the source confirms is published again, as the source's", () => {
  const { feed, seen } = rig()
  feed.recall({ instances: [one('a')], asOfMs: 5, from: 'disk' })
  assert.equal(feed.status().isSynced, false)
  feed.accept([one('a')])
  assert.deepEqual(
    seen.all.map(({ from }) => from),
    ['disk', 'source'],
  )
  assert.equal(feed.status().isSynced, true)
})

test('a failure keeps the set and is counted; the same sentence is logged once', () => {
  const { feed, seen, log } = rig()
  feed.accept([one('a')])
  feed.fail('away')
  feed.fail('away')
  assert.equal(seen.all.length, 1)
  assert.deepEqual([feed.status().problem, feed.status().failuresInRow], ['away', 2])
  feed.accept([one('a')])
  assert.deepEqual([feed.status().problem, feed.status().failuresInRow], [undefined, 0])
  assert.equal(log.sentences.length, 2)
})

test('a doubt is shown as a problem of an answer that counts', () => {
  const { feed, seen } = rig()
  feed.accept([one('a')], { doubt: 'may be stale', notes: ['odd'] })
  assert.equal(seen.all.length, 1)
  const { problem, failuresInRow, notes } = feed.status()
  assert.deepEqual(
    { problem, failuresInRow, notes },
    { problem: 'may be stale', failuresInRow: 0, notes: ['odd'] },
  )
})

test('nothing is published after close, nor before it has begun', () => {
  const { feed, seen, time, log } = rig()
  feed.close()
  assert.equal(feed.accept([one('a')]), false)
  assert.equal(seen.all.length, 0)
  const early = createInstanceFeed({ kind: 'test', clock: time.clock, log })
  assert.equal(early.accept([one('a')]), false)
})
