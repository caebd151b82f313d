// Each toxic on real sockets, with time and chance that the test decides: a fault that does not fire proves nothing of who survives it.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { type ManualTime, manualTime } from '#test/support/manual-time.ts'
import { type ChaosProxy, startChaosProxy, type Toxics } from './kit/chaos-proxy.ts'
import * as http from './kit/http-toxics.ts'
import * as toxic from './kit/toxics.ts'
import { type FarEnd, type NearEnd, openNearEnd, startFarEnd } from './kit/wire.ts'

interface Wire {
  readonly far: FarEnd
  readonly proxy: ChaosProxy
  readonly near: NearEnd
  readonly time: ManualTime
}

const SAME = (heard: string): string => heard
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'

/** A connection that stands, through these toxics. */
async function wire(t: TestContext, toxics: Toxics, answer = SAME): Promise<Wire> {
  const time = manualTime()
  const far = await startFarEnd(answer)
  const proxy = await startChaosProxy(far.port, { random: seededRandom(7), wait: time.wait })
  proxy.set(() => toxics)
  const near = await openNearEnd(proxy.port)
  t.after(async () => {
    near.socket.destroy()
    await proxy.close()
    await far.close()
  })
  return { far, proxy, near, time }
}

test('without toxics every byte goes through, both ways', async t => {
  const { near, far, proxy } = await wire(t, {})
  near.socket.write('as it is')
  assert.equal(await near.bytes(8), 'as it is')
  assert.equal(far.heard(), 'as it is')
  assert.deepEqual([proxy.links(), proxy.accepted()], [1, 1])
})

test('an end of one side goes through, and the link is gone once both have ended', async t => {
  const { near, proxy } = await wire(t, {})
  near.socket.end('last words')
  assert.equal(await near.bytes(10), 'last words')
  assert.equal(await near.ended, 'end')
  while (proxy.links() > 0) await new Promise(resolve => setImmediate(resolve))
})

test('latency holds each piece for its time, give or take the jitter', async t => {
  const { near, time } = await wire(t, { back: [toxic.latency(100, 20)] })
  near.socket.write('late')
  const held = await time.untilWaiting(() => true)
  assert.ok(held >= 80 && held <= 120 && held !== 100, String(held))
  assert.equal(near.got(), '')
  await time.advance(120)
  assert.equal(await near.bytes(4), 'late')
})

test('bandwidth holds a piece for as long as its bytes take', async t => {
  const { near, time } = await wire(t, { back: [toxic.bandwidth(2)] })
  near.socket.write('x'.repeat(1_000))
  assert.equal(await time.untilWaiting(() => true), 500)
  await time.advance(500)
  assert.equal((await near.bytes(1_000)).length, 1_000)
})

test('slow_close delays the end and nothing before it', async t => {
  const { near, time } = await wire(t, { there: [toxic.slowClose(300)] })
  near.socket.end('now')
  assert.equal(await near.bytes(3), 'now')
  assert.equal(await time.untilWaiting(() => true), 300)
  await time.advance(300)
  assert.equal(await near.ended, 'end')
})

test('timeout lets nothing through and closes after its time', async t => {
  const { near, far, time } = await wire(t, { there: [toxic.timeout(400)] })
  near.socket.write('into the void')
  await time.untilWaiting(ms => ms === 400)
  await time.advance(400)
  assert.equal(await near.ended, 'end')
  assert.equal(far.heard(), '')
})

test('reset_peer breaks the connection rather than ending it', async t => {
  const { near, time } = await wire(t, { there: [toxic.resetPeer(50)] })
  near.socket.write('heard')
  assert.equal(await near.bytes(5), 'heard')
  await time.advance(50)
  assert.equal(await near.ended, 'ECONNRESET')
})

test('slicer cuts a piece into small ones with pauses between', async t => {
  const { near, time } = await wire(t, { back: [toxic.slicer(4, 1, 10)] })
  near.socket.write('a piece of twenty by')
  const first = await near.bytes(1)
  assert.ok(first.length >= 3 && first.length <= 5, first)
  let pauses = 0
  while (near.got().length < 20) {
    await time.untilWaiting(ms => ms === 10)
    await time.advance(10)
    pauses += 1
    await near.bytes(Math.min(20, 3 * (pauses + 1)))
  }
  assert.equal(near.got(), 'a piece of twenty by')
  assert.ok(pauses >= 3, String(pauses))
})

test('limit_data closes once so many bytes have come', async t => {
  const { near } = await wire(t, { back: [toxic.limitData(6)] })
  near.socket.write('only six of these')
  assert.equal(await near.ended, 'end')
  assert.equal(near.got(), 'only s')
})

test('what is seen is told and not changed', async t => {
  const seen: string[] = []
  const { near } = await wire(t, { there: [toxic.seen(chunk => seen.push(chunk.toString()))] })
  near.socket.write('told')
  assert.equal(await near.bytes(4), 'told')
  assert.deepEqual(seen, ['told'])
})

test('down refuses new connections and breaks those that stand; up listens again', async t => {
  const { near, proxy } = await wire(t, {})
  await proxy.down()
  assert.equal(await near.ended, 'ECONNRESET')
  await assert.rejects(openNearEnd(proxy.port), { code: 'ECONNREFUSED' })
  await proxy.up()
  const again = await openNearEnd(proxy.port)
  again.socket.write('back')
  assert.equal(await again.bytes(4), 'back')
  again.socket.destroy()
})

test('a length that lies promises more than comes before the end', async t => {
  const { near } = await wire(t, { back: [http.lyingLength(10)] }, () => ANSWER)
  near.socket.write('?')
  assert.equal(await near.ended, 'end')
  assert.equal(near.got(), ANSWER.replace('length: 5', 'length: 15'))
})

test('garbage is as long as the answer and no HTTP', async t => {
  const { near } = await wire(t, { back: [http.garbage()] }, () => ANSWER)
  near.socket.write('?')
  assert.equal(await near.ended, 'end')
  assert.equal(near.got().length, ANSWER.length)
  assert.doesNotMatch(near.got(), /HTTP/)
})

test('an early close comes after the head and the first of the body', async t => {
  const { near } = await wire(t, { back: [http.earlyClose()] }, () => ANSWER)
  near.socket.write('?')
  assert.equal(await near.ended, 'end')
  assert.equal(near.got(), ANSWER.slice(0, -4))
})

test('a request that is answered 503 on its way never arrives', async t => {
  const { near, far } = await wire(t, { there: [http.unavailable()] })
  near.socket.write('POST / HTTP/1.1\r\n\r\n')
  assert.equal(await near.ended, 'end')
  assert.match(near.got(), /^HTTP\/1\.1 503 .*connection: close\r\n\r\n$/s)
  assert.equal(far.heard(), '')
})

test('a slow drip is one byte at a time', async t => {
  const { near, time } = await wire(t, { back: [http.slowDrip(5)] })
  near.socket.write('abc')
  for (const said of ['a', 'ab', 'abc']) {
    assert.equal(await near.bytes(said.length), said)
    await time.untilWaiting(ms => ms === 5)
    assert.equal(near.got(), said)
    await time.advance(5)
  }
})
