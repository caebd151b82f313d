// The token that every arm is sent is one that a verifier takes, and the forged one is not.
import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { test } from 'node:test'
import { forged, signToken } from './request.ts'

const isSigned = (jwt: string, key: string): boolean => {
  const [head = '', claims = '', signature = ''] = jwt.split('.')
  return verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
}

test('a token verifies under its key, and a forged one does not', () => {
  const token = signToken(1_800_000_000)
  assert.equal(isSigned(token.jwt, token.publicKeyPem), true)
  const wrong = forged(token, 1_800_000_000)
  assert.equal(wrong.split('.').length, 3)
  assert.equal(wrong.split('.')[1], token.jwt.split('.')[1])
  assert.equal(isSigned(wrong, token.publicKeyPem), false)
})
