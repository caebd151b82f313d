// Tokens that only routers with the key can make: they open to what was sealed, for the purpose it was sealed for, or not at all.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import { createSealer, SEAL_KEY_BYTES } from './seal.ts'

const sealer = createSealer(Buffer.alloc(SEAL_KEY_BYTES, 1))

test('what was sealed opens again, and is the same', t => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, purpose) => {
      const same = JSON.parse(JSON.stringify(value)) as unknown
      assert.deepEqual(sealer.open(purpose, sealer.seal(purpose, value)), same)
    }),
    runOf(t, 200),
  )
})

test('the same value is another token each time, in letters that any header carries', () => {
  const tokens = Array.from({ length: 100 }, () => sealer.seal('a', { secret: 'value' }))
  assert.equal(new Set(tokens).size, 100)
  for (const token of tokens) {
    assert.match(token, /^[A-Za-z0-9_-]+$/)
    assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /secret|value/)
  }
})

test('a token opens for its purpose alone, and with its key alone', () => {
  const token = sealer.seal('session', 1)
  assert.equal(sealer.open('cursor', token), undefined)
  assert.equal(sealer.open('', token), undefined)
  assert.equal(createSealer(Buffer.alloc(SEAL_KEY_BYTES, 2)).open('session', token), undefined)
  assert.equal(sealer.open('session', token), 1)
})

test('no bit of a token can be turned', () => {
  const bytes = Buffer.from(sealer.seal('a', { x: 1 }), 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const turned = Buffer.from(bytes)
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(sealer.open('a', turned.toString('base64url')), undefined, `bit ${bit}`)
  }
})

test('a token has one spelling', () => {
  const token = sealer.seal('a', 'some value')
  for (const other of [
    `${token}=`,
    `${token} `,
    `${token}\n`,
    token.slice(0, -1),
    `${token}A`,
    `.${token}`,
    Buffer.from(token, 'base64url').toString('base64'),
  ])
    if (other !== token) assert.equal(sealer.open('a', other), undefined, other)
})

test('what was never a token opens nothing', () => {
  for (const text of [
    '',
    'a',
    '=',
    '💥',
    'A'.repeat(37),
    'A'.repeat(10_000),
    randomBytes(64).toString('base64url'),
  ])
    assert.equal(sealer.open('a', text), undefined)
})

test('a key of another length is refused at once', () => {
  for (const length of [0, 16, 31, 33])
    assert.throws(() => createSealer(Buffer.alloc(length)), /a seal key has 32 bytes/)
})
