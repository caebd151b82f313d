// One subscription for all who listen: opened with the first, opened anew when it is lost, and never a change that nobody is told of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Told } from '#router/capabilities.ts'
import { settle } from '#test/support/manual-time.ts'
import {
  ACK,
  answered,
  filterOf,
  hearing,
  isEnded,
  LEGACY,
  STREAM,
  TOOLS,
  watchGround,
} from '#test/support/watch-ground.ts'

test('many who listen are one subscription, and each is told', async t => {
  const { watch, requests, stale } = watchGround(t)
  const [one, other] = [hearing([], false), hearing([], false)]
  const ready = Promise.all([watch.add(one), watch.add(other)])
  assert.equal(requests.sent.length, 1)
  await answered(requests.last())
  await ready
  assert.equal(requests.last().header('x-ringmain-via'), 'r1')
  requests.last().data(TOOLS)
  assert.deepEqual([one.heard, other.heard], [['tools'], ['tools']])
  assert.deepEqual(stale, ['tools', 'prompts', 'resources', 'tools']) // what was kept before anybody told, too
  assert.deepEqual(filterOf(requests.last()), {
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
  })
})

test('one that is lost is opened anew, later each time, and what may have been missed is told', async t => {
  const { watch, requests, pass, stale } = watchGround(t)
  const one = hearing(['a:1'])
  void watch.add(one)
  await answered(requests.last())
  one.heard.length = stale.length = 0
  requests.last().end()
  await settle()
  pass(249)
  assert.equal(requests.sent.length, 1)
  pass(1)
  assert.equal(requests.sent.length, 2)
  requests.last().fail('ECONNRESET')
  await settle()
  pass(499)
  assert.equal(requests.sent.length, 2)
  pass(1)
  assert.equal(requests.sent.length, 3)
  await answered(requests.last())
  assert.deepEqual(one.heard, ['tools', 'prompts', 'resources', 'a:1'])
  assert.deepEqual(stale, ['tools', 'prompts', 'resources'])
})

test('a replica that never says that it tells is given up', async t => {
  const { watch, requests, pass } = watchGround(t)
  void watch.add(hearing())
  requests.last().answer(STREAM)
  await settle()
  pass(10_000)
  assert.equal(isEnded(requests.last()), true)
  pass(1_000)
  assert.equal(requests.sent.length, 2)
})

test('one whose replica has left is opened elsewhere', async t => {
  const { watch, requests, pass, active } = watchGround(t)
  void watch.add(hearing())
  await answered(requests.last())
  const { endpoint } = requests.last().place
  endpoint.isRemoved = true
  pass(1_000)
  assert.equal(isEnded(requests.last()), true)
  active.cluster('crm')?.ejections.outdated()
  pass(1_000)
  assert.equal(requests.sent.length, 2)
})

test('a server that tells of one thing all the time is handed on once a second, the last word always', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing([], false)
  void watch.add(one)
  await answered(requests.last())
  for (let count = 0; count < 100; count += 1) requests.last().data(TOOLS)
  assert.deepEqual(one.heard, ['tools'])
  pass(1_000)
  assert.deepEqual(one.heard, ['tools', 'tools'])
  pass(5_000)
  assert.deepEqual(one.heard, ['tools', 'tools'])
})

test('when nobody listens any more it ends, after a moment in which who comes back finds it', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing()
  void watch.add(one)
  await answered(requests.last())
  watch.remove(one)
  pass(4_000)
  void watch.add(one)
  pass(4_000)
  assert.equal(isEnded(requests.last()), false)
  watch.remove(one)
  pass(5_000)
  assert.equal(isEnded(requests.last()), true)
  assert.equal(watch.isIdle, true)
})

test('one that tells is kept however long it is silent, and says once that it is there', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing(['a:1'])
  void watch.add(one)
  await answered(requests.last())
  const before = one.heard.length
  requests.last().data(ACK)
  pass(60_000)
  assert.equal(isEnded(requests.last()), false)
  assert.deepEqual([requests.sent.length, one.heard.length], [1, before])
})

test('one of several who leaves ends nothing, and what is lost while nobody listens is left', async t => {
  const { watch, requests, pass } = watchGround(t)
  const [one, other] = [hearing(), hearing()]
  void watch.add(one)
  void watch.add(other)
  await answered(requests.last())
  watch.remove(one)
  pass(10_000)
  assert.equal(isEnded(requests.last()), false)
  watch.remove(other)
  requests.last().end()
  await settle()
  pass(60_000)
  assert.equal(requests.sent.length, 1)
})

test('one that is closed while it waits to be opened anew stays closed', async t => {
  const { watch, requests, pass } = watchGround(t)
  void watch.add(hearing())
  requests.last().fail('ECONNRESET')
  await settle()
  watch.close()
  pass(60_000)
  assert.equal(requests.sent.length, 1)
})

test('a replica of both eras is asked in the one in which it says that it tells', async t => {
  const none = { has: [], tells: [], hasSubscriptions: false, extensions: {} }
  const tells: Told[] = ['tools']
  const capabilities = { modern: none, legacy: { ...none, tells } }
  const { watch, requests } = watchGround(t, {
    ...LEGACY,
    eras: ['modern', 'legacy'],
    capabilities,
  })
  void watch.add(hearing())
  assert.equal(requests.last().method, 'initialize')
})
