// Connections are kept before the parting, none is after it, and in between fewer and fewer are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { listening, raw } from '#test/support/listening.ts'
import { Parting } from './parting.ts'

const SEED = 5

test('nobody is let go before it begins, all are once it is over, and a share that grows in between', t => {
  t.diagnostic(`seed ${SEED}`)
  let nowMs = 100
  const parting = new Parting(() => nowMs, seededRandom(SEED))
  const kept = (): number =>
    Array.from({ length: 1_000 }, () => parting.mayStay()).filter(Boolean).length
  assert.equal(kept(), 1_000)
  parting.begin(400, 800)
  assert.equal(kept(), 1_000)
  const shares = [500, 660, 900, 1_140, 1_300, 9_000].map(atMs => {
    nowMs = atMs
    return Math.round(kept() / 100)
  })
  assert.deepEqual(shares, [10, 8, 5, 2, 0, 0])
})

test('a caller who made no call while the others were let go is served once more, and then let go', async t => {
  const { listener, port, refused, arrived } = await listening(t)
  const kept = await raw(port, '')
  await listener.partWays(0)
  const draining = listener.drain(50)
  kept.socket.write(
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  )
  assert.match(await kept.all, /^HTTP\/1\.1 200 [^]*connection: close/i)
  await draining
  assert.deepEqual([arrived.length, refused], [1, []])
})
