// The loop around a name: when it asks, what it keeps, how it ends.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import type { NameServer } from './dns-answer.ts'
import { createDnsDiscovery } from './dns-discovery.ts'
import type { Discovery } from './instance.ts'

async function rig(t: TestContext) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-dns-'))
  const time = manualTime()
  const seen = snapshotLog()
  const state = {
    answer: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as string[] | string,
    asked: 0,
    cancelled: 0,
    hangs: false,
  }
  const server: NameServer = {
    async resolve4() {
      state.asked += 1
      if (state.hangs)
        return new Promise((_, reject) => (cancel = () => reject(new Error('cancelled'))))
      if (typeof state.answer === 'string')
        throw Object.assign(new Error('x'), { code: state.answer })
      return state.answer
    },
    resolve6: async () => [],
    resolveSrv: async () => [],
    cancel() {
      state.cancelled += 1
      cancel()
    },
  }
  let cancel = () => {}
  const discovery: Discovery = createDnsDiscovery(
    { name: 'h', type: 'A', port: 80, refreshMs: 10_000, server: '127.0.0.1:8600', stateDirectory },
    { ...time, log: sentenceLog(), random: () => 0.5 },
    async () => server,
  )
  discovery.start(seen.publish)
  t.after(async () => {
    await discovery.close()
    await rm(stateDirectory, { recursive: true })
  })
  await seen.until(() => true)
  return { state, time, seen, discovery }
}
const hosts = (set: { readonly instances: readonly { readonly host: string }[] }) =>
  set.instances.map(({ host }) => host.slice(-1)).join('')

test('the name is asked again after the refresh time, give or take a tenth', async t => {
  const { state, time, seen } = await rig(t)
  assert.equal(state.asked, 1)
  await time.advance(9_999)
  assert.equal(state.asked, 1)
  state.answer = ['10.0.0.1', '10.0.0.2']
  await time.advance(1)
  assert.equal(hosts(await seen.until(set => set.instances.length === 2)), '12')
  await time.advance(10_000)
  assert.deepEqual([state.asked, seen.all.length], [3, 2])
})

test('a server that fails keeps the set and is asked again sooner, then later and later', async t => {
  const { state, time, seen, discovery } = await rig(t)
  for (const code of ['ESERVFAIL', 'ETIMEOUT']) {
    state.answer = code
    await time.advance(10_000)
    assert.match(
      discovery.status().problem ?? '',
      new RegExp(`127.0.0.1:8600 did not resolve A h: ${code}`),
    )
  }
  assert.equal(seen.all.length, 1)
  assert.ok((time.waits()[0] ?? 0) > 250)
  state.answer = ['10.0.0.1', '10.0.0.2']
  await time.advance(30_000)
  // What comes first after a failure may be a part: what is missing in it is held.
  assert.deepEqual(
    seen.newest().map(({ host, isHeld }) => [host, isHeld === true]),
    [
      ['10.0.0.1', false],
      ['10.0.0.2', false],
      ['10.0.0.3', true],
    ],
  )
  assert.deepEqual([discovery.status().problem, discovery.status().failuresInRow], [undefined, 0])
})

test('a name that vanished holds its addresses until they are released', async t => {
  const { state, time, seen, discovery } = await rig(t)
  state.answer = 'ENOTFOUND'
  await time.advance(10_000)
  assert.deepEqual(
    seen.newest().map(({ isHeld }) => isHeld),
    [true, true, true],
  )
  discovery.release('10.0.0.2:80')
  assert.equal(hosts({ instances: seen.newest() }), '13')
  assert.equal(discovery.status().problem, undefined)
})

test('close cancels a lookup that hangs', async t => {
  const { state, time, discovery } = await rig(t)
  state.hangs = true
  await time.advance(10_000)
  await discovery.close()
  assert.equal(state.cancelled, 1)
  assert.deepEqual(time.waits(), [])
})
