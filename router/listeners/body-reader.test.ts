// A body is kept to its end, or no further than it takes to know that it is refused, and is looked at seldom on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyReader } from './body-reader.ts'
import { BodyRoom } from './body-room.ts'

const KIB = 1_024
const MAX = 4_096 * KIB

interface Reading {
  readonly reader: BodyReader
  /** Bytes that each look was given. */
  readonly looks: number[]
}

function reading(
  declared: number | undefined,
  refuseFrom = Number.POSITIVE_INFINITY,
  room = new BodyRoom(MAX),
): Reading {
  const looks: number[] = []
  const reader = new BodyReader(declared, {
    maxBodyBytes: MAX,
    room,
    misreadBeginning: beginning => {
      looks.push(beginning.length)
      return beginning.length < refuseFrom ? undefined : { code: 'RINGMAIN_EXCESSIVE_JSON' }
    },
  })
  return { reader, looks }
}

/** In chunks; the code of the first refusal, after which nothing more is given. */
function send({ reader }: Reading, bytes: number, chunk = 64 * KIB): string | undefined {
  for (let left = bytes; left > 0; left -= chunk) {
    const refusal = reader.take(Buffer.alloc(Math.min(left, chunk), 'x'))
    if (refusal !== undefined) return refusal.code
  }
  return undefined
}

test('a body is whole at its end, as it came, and a short one is not looked at before', () => {
  for (const declared of [true, false])
    for (const size of [0, 1, 100 * KIB, 500 * KIB]) {
      const one = reading(declared ? size : undefined)
      assert.equal(send(one, size), undefined)
      assert.ok(one.reader.whole().equals(Buffer.alloc(size, 'x')))
      assert.deepEqual(one.looks, declared || size < 128 * KIB ? [] : [128 * KIB])
    }
})

test('what it was given may be overwritten afterwards', () => {
  const { reader } = reading(4)
  const chunk = Buffer.from('ab')
  reader.take(chunk)
  chunk.write('cd')
  reader.take(chunk)
  assert.equal(reader.whole().toString(), 'abcd')
})

test('a long body is looked at in steps that grow, so that little is read twice', () => {
  const one = reading(MAX)
  assert.equal(send(one, MAX), undefined)
  assert.equal(one.reader.whole().length, MAX)
  assert.deepEqual(one.looks, [128 * KIB, 512 * KIB])
  const unsaid = reading(undefined)
  assert.equal(send(unsaid, MAX), undefined)
  assert.equal(unsaid.reader.whole().length, MAX)
  assert.deepEqual(unsaid.looks, [128 * KIB, 512 * KIB, 2_048 * KIB])
})

test('what is refused at its beginning is told at once', () => {
  const one = reading(MAX, 1)
  assert.equal(send(one, MAX), 'RINGMAIN_EXCESSIVE_JSON')
  assert.deepEqual(one.looks, [128 * KIB])
})

test('what does not say how long it is is refused at the limit', () => {
  const unsaid = reading(undefined)
  assert.equal(send(unsaid, MAX), undefined)
  assert.equal(send(unsaid, 1), 'RINGMAIN_PAYLOAD_TOO_LARGE')
})

test('long bodies together take no more than their room, and short ones none of it', () => {
  const room = new BodyRoom(2 * MAX)
  const one = (declared: number): Reading => reading(declared, Number.POSITIVE_INFINITY, room)
  const held = [one(MAX), one(MAX)]
  for (const each of held) assert.equal(send(each, MAX / 2), undefined)
  const late = one(MAX)
  assert.equal(send(late, 16 * KIB), undefined) // nothing long of it has come
  assert.equal(send(late, MAX / 2), 'RINGMAIN_ROUTER_BUSY')
  const short = one(120 * KIB)
  assert.equal(send(short, 120 * KIB), undefined)
  assert.equal(short.reader.whole().length, 120 * KIB)
  held[0]?.reader.close() // its caller left
  held[1]?.reader.whole()
  for (const each of [one(MAX), one(MAX)]) {
    assert.equal(send(each, MAX), undefined)
    assert.equal(each.reader.whole().length, MAX)
  }
})

test('a body that is refused gives its room back, whatever it is refused for', () => {
  const room = new BodyRoom(MAX)
  for (let times = 0; times < 10; times += 1) {
    assert.equal(send(reading(MAX, 1, room), MAX), 'RINGMAIN_EXCESSIVE_JSON')
    const unsaid = reading(undefined, Number.POSITIVE_INFINITY, room)
    assert.equal(send(unsaid, MAX + 1), 'RINGMAIN_PAYLOAD_TOO_LARGE')
  }
  const held = reading(MAX, Number.POSITIVE_INFINITY, room)
  assert.equal(send(held, MAX / 2), undefined)
  for (let times = 0; times < 10; times += 1)
    assert.equal(send(reading(MAX, Number.POSITIVE_INFINITY, room), MAX), 'RINGMAIN_ROUTER_BUSY')
  held.reader.close()
  assert.equal(send(reading(MAX, Number.POSITIVE_INFINITY, room), MAX), undefined)
})
