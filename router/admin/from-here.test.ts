// Addresses of this machine, in each of their spellings, and some that look like it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFromHere } from './from-here.ts'

test('a loopback address is here, and no other is', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    assert.equal(isFromHere(address), true, address)
  for (const address of [
    undefined,
    '10.0.0.1',
    '1270.0.0.1',
    '::11',
    '::ffff:10.127.0.1',
    'fe80::1',
  ])
    assert.equal(isFromHere(address), false, String(address))
})
