// The sentinel encoding of header values, by the table of the specification and beyond it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'

const TABLE = [
  ['us-west1', 'us-west1'],
  ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
  ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
] as const

test('each row of the table encodes and decodes as it says', () => {
  for (const [text, header] of TABLE) {
    assert.equal(encodeHeaderValue(text), header)
    assert.equal(decodeHeaderValue(header), text)
  }
})

test('what plain ASCII can say goes plain, what it cannot goes encoded', () => {
  for (const plain of [
    '',
    'a',
    'a b',
    '~',
    '!',
    '=?base64?x',
    'x?=',
    '=?BASE64?eA==?=',
    '=?base64?=',
  ])
    assert.equal(encodeHeaderValue(plain), plain)
  for (const [text, header] of [
    [' ', '=?base64?IA==?='],
    ['\ta', '=?base64?CWE=?='],
    ['a ', '=?base64?YSA=?='],
    ['a\tb', '=?base64?YQli?='],
    ['\x7f', '=?base64?fw==?='],
    ['é', '=?base64?w6k=?='],
    ['=?base64??=', '=?base64?PT9iYXNlNjQ/Pz0=?='],
  ] as const)
    assert.equal(encodeHeaderValue(text), header)
})

test('markers in capitals, or only one of them, are literal text', () => {
  for (const text of [
    '=?BASE64?eA==?=',
    '=?base64?eA==',
    'eA==?=',
    '=?base64?=',
    '?=',
    'x=?base64?eA==?=',
  ])
    assert.equal(decodeHeaderValue(text), text)
})

test('an encoding that was not needed is valid', () => {
  assert.equal(decodeHeaderValue('=?base64?dGVzdDovL3N0YXRpYy10ZXh0?='), 'test://static-text')
  assert.equal(decodeHeaderValue('=?base64??='), '')
  assert.equal(decodeHeaderValue('=?base64?77u/eA==?='), '\ufeffx') // a byte order mark is text like any other
})

test('bad base64, bad padding and bad UTF-8 between the markers stand for nothing', () => {
  for (const inner of [
    'eA',
    'eA=',
    'eA===',
    'e A==',
    'eA==\n',
    '\fe\tA==',
    ' ',
    'eA-_',
    '====',
    '=',
    'eB==', // bits left over: another spelling of the same byte
    '/w==', // no UTF-8
    '7aCA', // half a surrogate pair
    'gICA',
  ])
    assert.equal(decodeHeaderValue(`=?base64?${inner}?=`), undefined, inner)
})

test('every text comes back, and travels as visible ASCII', t => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string().map(inner => `=?base64?${inner}?=`),
  )
  fc.assert(
    fc.property(text, value => {
      const header = encodeHeaderValue(value)
      assert.match(header, /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/)
      assert.equal(decodeHeaderValue(header), value)
    }),
    runOf(t, 1_000),
  )
})
