// Connections are kept before the parting, none is after it, and in between fewer and fewer are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
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
