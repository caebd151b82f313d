// Whatever is done to what a router gave out sealed, no door takes it: not another spelling, not a part of it, not one of another list, task,
// call or server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import { DOORS, sessionDoor } from '#test/support/sealed-doors.ts'
import { opened, sessionGround } from '#test/support/session-ground.ts'

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\u0000é'

type Tampering = (token: string, other: string) => string

const at = (token: string, share: number): number => Math.floor(share * token.length)

const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...LETTERS.split(''))).map(
    ([share, letter]): Tampering =>
      token => {
        const where = at(token, share)
        return token.slice(0, where) + letter + token.slice(where + 1)
      },
  ),
  fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(
    ([share, bit]): Tampering =>
      token => {
        const bytes = Buffer.from(token, 'base64url')
        const where = Math.floor(share * bytes.length)
        bytes[where] = (bytes[where] ?? 0) ^ (1 << bit)
        return bytes.toString('base64url')
      },
  ),
  place.map(
    (share): Tampering =>
      token =>
        token.slice(0, at(token, share)),
  ),
  place.map(
    (share): Tampering =>
      token =>
        token.slice(at(token, share) + 1),
  ),
  fc.tuple(place, fc.string({ minLength: 1, maxLength: 4 })).map(
    ([share, more]): Tampering =>
      token =>
        token.slice(0, at(token, share)) + more + token.slice(at(token, share)),
  ),
  fc.tuple(place, place).map(
    ([here, there]): Tampering =>
      (token, other) =>
        token.slice(0, at(token, here)) + other.slice(at(other, there)),
  ),
  fc.string({ maxLength: 200 }).map(
    (text): Tampering =>
      () =>
        text,
  ),
  fc.uint8Array({ maxLength: 200 }).map(
    (bytes): Tampering =>
      () =>
        Buffer.from(bytes).toString('base64url'),
  ),
)

test('what was tampered with opens no door', async t => {
  const scene = sessionGround(t)
  const doors = [...DOORS, sessionDoor(scene.sessions, (await opened(scene)).token)]
  for (const door of doors) assert.ok(door.opens(door.make()), `${door.name} opens to its own`)
  let [tried, accepted] = [0, 0]
  fc.assert(
    fc.property(
      fc.constantFrom(...doors),
      fc.constantFrom(...doors),
      tampering,
      (door, another, tampered) => {
        const [token, other] = [door.make(), another.make()]
        const forged = tampered(token, other)
        if (forged === token || (another === door && forged === other)) return
        tried += 1
        if (door.opens(forged)) accepted += 1
        assert.equal(accepted, 0, `${door.name}: ${forged}`)
      },
    ),
    runOf(t, 1_100),
  )
  t.diagnostic(`${tried} tampered with, ${accepted} accepted`)
  assert.ok(tried > 1_000)
})

test('what opens one door opens no other', async t => {
  const scene = sessionGround(t)
  const doors = [...DOORS, sessionDoor(scene.sessions, (await opened(scene)).token)]
  for (const door of doors)
    for (const other of doors)
      assert.equal(other.opens(door.make()), door === other, `${door.name} at ${other.name}`)
})
