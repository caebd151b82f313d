// A body is read to its end, or no further than it takes to know that it is refused, and is looked at seldom on the way.
import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { RefusedBody, readBody } from './body-reader.ts'
import { BodyRoom } from './body-room.ts'

const KIB = 1_024
const MAX = 4_096 * KIB

interface Reading {
  readonly request: IncomingMessage
  /** Bytes that each look was given. */
  readonly looks: number[]
  /** A refusal's code, or how long the body was; undefined while it is read. */
  readonly came: () => string | number | undefined
}

function reading(
  declared: number | undefined,
  refuseFrom = Number.POSITIVE_INFINITY,
  room = new BodyRoom(MAX),
): Reading {
  const request = new IncomingMessage(new Socket())
  if (declared !== undefined) request.headers = { 'content-length': String(declared) }
  const looks: number[] = []
  let came: string | number | undefined
  const rules = {
    maxBodyBytes: MAX,
    room,
    misreadBeginning: (beginning: Buffer) => {
      looks.push(beginning.length)
      return beginning.length < refuseFrom
        ? undefined
        : ({ code: 'RINGMAIN_EXCESSIVE_JSON' } as const)
    },
  }
  readBody(request, rules, (error, body) => {
    assert.equal(came, undefined, 'once')
    came =
      error instanceof RefusedBody ? error.refusal.code : (error?.message ?? body?.length ?? -1)
  })
  return { request, looks, came: () => came }
}

async function send({ request }: Reading, bytes: number, chunk = 64 * KIB): Promise<void> {
  for (let left = bytes; left > 0; left -= chunk) request.push(Buffer.alloc(Math.min(left, chunk)))
  await settle()
}

test('a body is whole at its end, and a short one is not looked at before', async () => {
  for (const size of [0, 1, 100 * KIB, 500 * KIB]) {
    const one = reading(size)
    await send(one, size)
    assert.equal(one.came(), undefined)
    one.request.push(null)
    await settle()
    assert.deepEqual([one.came(), one.looks], [size, []])
  }
})

test('a long body is looked at in steps that grow, so that little is read twice', async () => {
  const one = reading(MAX)
  await send(one, MAX)
  one.request.push(null)
  await settle()
  assert.equal(one.came(), MAX)
  assert.deepEqual(one.looks, [128 * KIB, 512 * KIB])
  const unsaid = reading(undefined)
  await send(unsaid, MAX)
  unsaid.request.push(null)
  await settle()
  assert.equal(unsaid.came(), MAX)
  assert.deepEqual(unsaid.looks, [128 * KIB, 512 * KIB, 2_048 * KIB])
})

test('what is refused at its beginning is not read on', async () => {
  const one = reading(MAX, 1)
  await send(one, 128 * KIB)
  assert.equal(one.came(), 'RINGMAIN_EXCESSIVE_JSON')
  await send(one, 1_024 * KIB)
  one.request.push(null)
  await settle()
  assert.equal(one.looks.length, 1)
})

test('what is over the limit is refused by what it says of itself, or at the limit', async () => {
  const said = reading(MAX + 1)
  assert.equal(said.came(), 'RINGMAIN_PAYLOAD_TOO_LARGE')
  const unsaid = reading(undefined)
  await send(unsaid, MAX)
  assert.equal(unsaid.came(), undefined)
  await send(unsaid, 1)
  assert.equal(unsaid.came(), 'RINGMAIN_PAYLOAD_TOO_LARGE')
})

test('a body that breaks off is told as what broke it', async () => {
  const one = reading(MAX)
  await send(one, 10)
  one.request.destroy(new Error('aborted'))
  await settle()
  assert.equal(one.came(), 'aborted')
})

test('long bodies together take no more than their room, and short ones none of it', async () => {
  const room = new BodyRoom(2 * MAX)
  const one = (declared: number): Reading => reading(declared, Number.POSITIVE_INFINITY, room)
  const held = [one(MAX), one(MAX)]
  for (const each of held) await send(each, MAX / 2)
  const late = one(MAX)
  await send(late, 16 * KIB)
  assert.equal(late.came(), undefined) // nothing long of it has come
  await send(late, MAX / 2)
  assert.equal(late.came(), 'RINGMAIN_ROUTER_BUSY')
  const short = one(120 * KIB)
  await send(short, 120 * KIB)
  short.request.push(null)
  await settle()
  assert.equal(short.came(), 120 * KIB)
  held[0]?.request.destroy(new Error('left')) // its caller left
  await settle()
  held[1]?.request.push(null) // not whole, which is the parser's to find
  await settle()
  const next = [one(MAX), one(MAX)]
  for (const each of next) {
    await send(each, MAX)
    each.request.push(null)
    await settle()
    assert.equal(each.came(), MAX)
  }
})
