// What the router relies on in Consul, held to the real agent and to the fake alike; keys, sessions and transactions are not
// among it. What a real agent cannot be made to do is shown by the fake alone, to the whole watch.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { realPart } from '#test/support/real-parts.ts'
import { type ConsulRig, fakeNarrow, fakeRig, realNarrow, realRig, SERVICE } from './consul-rig.ts'
import {
  type Asked,
  askConsul,
  fillConnections,
  isPast,
  openWatch,
  problemOf,
} from './consul-watcher.ts'

const real = realPart('consul')
const realBin = 'bin' in real ? real.bin : ''
const skip = 'skip' in real ? real.skip : false

const WAIT_MS = 1_000

interface Kind {
  readonly name: string
  readonly skip: string | false
  readonly open: () => Promise<ConsulRig>
  readonly narrow: () => Promise<Pick<ConsulRig, 'url' | 'close'>>
}

const KINDS: readonly Kind[] = [
  {
    name: 'real consul',
    skip,
    open: () => realRig(realBin),
    narrow: () => realNarrow(realBin),
  },
  { name: 'fake consul', skip: false, open: fakeRig, narrow: fakeNarrow },
]

for (const kind of KINDS)
  describe(kind.name, { skip: kind.skip }, () => {
    let rig: ConsulRig
    before(async () => {
      rig = await kind.open()
      await rig.put('one')
      await rig.put('two')
    })
    after(() => rig.close())
    const ask = (query = '', service = SERVICE): Promise<Asked> =>
      askConsul(rig.url, service, query)

    test('an index is above zero, even of a service that nobody has registered', async () => {
      const { index, entries } = await ask('', 'mcp-nobody')
      assert.ok(isPast(index, 0n), `${index}`)
      assert.deepEqual(entries, [])
    })

    test('an index rises with each change, and stands still without one', async () => {
      const indexes = [(await ask()).index]
      for (const note of ['a', 'b', 'c']) {
        await rig.put('one', note)
        indexes.push((await ask()).index)
      }
      const rising = indexes.toSorted((one, other) => (one < other ? -1 : 1))
      assert.deepEqual(indexes, rising)
      assert.equal(new Set(indexes).size, 4, indexes.join())
      assert.equal((await ask()).index, indexes.at(-1))
    })

    test('a blocked query returns at a change, with an index that has risen', async () => {
      const { index } = await ask()
      const blocked = ask(`&index=${index}&wait=60s`)
      await rig.put('three')
      const woken = await blocked
      assert.ok(isPast(woken.index, index))
      assert.equal(woken.entries.length, 3)
      await rig.remove('three')
    })

    test('a blocked query returns when its wait is over, and up to a sixteenth later, as it was', async t => {
      const { index } = await ask()
      const beganMs = performance.now()
      const { index: after, entries } = await ask(`&index=${index}&wait=${WAIT_MS / 1_000}s`)
      const tookMs = performance.now() - beganMs
      t.diagnostic(`${tookMs.toFixed(0)} ms for a wait of ${WAIT_MS} ms`)
      // A timer may be a millisecond early; the upper end is the agent's word plus a busy machine.
      assert.ok(tookMs >= WAIT_MS - 2, `${tookMs} ms`)
      assert.ok(tookMs < (WAIT_MS * 17) / 16 + 3_000, `${tookMs} ms`)
      assert.deepEqual([after, entries.length], [index, 2])
    })

    test('a query for an index that is ahead hangs as well, and tells the true one', async () => {
      const { index } = await ask()
      const beganMs = performance.now()
      const late = await ask(`&index=${index + 1_000n}&wait=${WAIT_MS / 1_000}s`)
      assert.ok(performance.now() - beganMs >= WAIT_MS - 2, 'it did not hang')
      assert.equal(late.index, index)
    })

    test('a wake-up without news is published by nobody, and the change after it once', async t => {
      const { seen } = await openWatch(t, rig.url)
      await seen.until(({ instances }) => instances.length === 2)
      const { index } = await ask()
      await rig.put('one', 'means nothing to a router')
      assert.ok(isPast((await ask()).index, index), 'the agent wakes its watchers')
      await rig.put('three')
      await seen.until(({ instances }) => instances.length === 3)
      assert.equal(seen.all.length, 2, JSON.stringify(seen.all))
      await rig.remove('three')
    })

    test('maintenance leaves a service in the list, with a check that says why', async t => {
      await rig.maintain('two', 'new disk')
      const found = (await ask()).entries.find(({ Service }) => Service.ID === 'two')
      const check = found?.Checks.find(({ CheckID }) => CheckID === '_service_maintenance:two')
      assert.deepEqual([check?.Status, check?.Notes], ['critical', 'new disk'])
      const { seen } = await openWatch(t, rig.url)
      await seen.until(({ instances }) =>
        instances.some(({ port, state, reason = '' }) => {
          return port === 9_002 && state === 'down' && reason.includes('new disk')
        }),
      )
      await rig.maintain('two', undefined)
      await seen.until(({ instances }) => instances.every(({ state }) => state === 'ready'))
    })

    test('a TTL check that fails leaves a service in the list, and the router takes it for down', async t => {
      const { seen } = await openWatch(t, rig.url)
      await seen.until(({ instances }) => instances.length === 2)
      await rig.check('one', 'fail')
      const down = await seen.until(({ instances }) =>
        instances.some(({ port, state }) => port === 9_001 && state === 'down'),
      )
      assert.equal(down.instances.length, 2)
      const found = (await ask()).entries.find(({ Service }) => Service.ID === 'one')
      const check = found?.Checks.find(({ CheckID }) => CheckID === 'service:one')
      assert.equal(check?.Status, 'critical')
      await rig.check('one', 'pass')
      await seen.until(({ instances }) => instances.every(({ state }) => state === 'ready'))
    })

    test('a datacenter that is not known is told as such, and is no empty list', async t => {
      const { status, text } = await ask('&dc=nowhere')
      assert.equal(status, 500)
      assert.match(text, /No path to datacenter/)
      const { discovery, seen } = await openWatch(t, rig.url, { datacenter: 'nowhere' })
      assert.match(await problemOf(discovery), /No path to datacenter.*the datacenter/)
      assert.equal(seen.all.length, 0)
    })

    test('a connection above what one address may have is turned away with 429, which the router tells', async t => {
      const narrow = await kind.narrow()
      t.after(narrow.close)
      const held = await fillConnections(t, narrow.url)
      for (const words of held.refused)
        assert.match(words, /429[^]*too many concurrent connections|ECONNRESET/)
      const { discovery, seen } = await openWatch(t, narrow.url)
      assert.match(await problemOf(discovery), /429.*overloaded/)
      assert.equal(seen.all.length, 0)
      held.release()
      await seen.until(({ from }) => from === 'source', 10_000)
    })
  })
