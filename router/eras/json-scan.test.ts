// What the scan takes is what the parser takes, whatever the split of the bytes, and it stops where the outer structure stands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { JsonScan } from './json-scan.ts'

function isTaken(pieces: readonly Buffer[]): boolean {
  const scan = new JsonScan()
  for (const piece of pieces)
    for (let at = 0; at < piece.length && !scan.isBroken; ) at = scan.run(piece, at, piece.length)
  return scan.isWhole && !scan.isBroken
}

function isJson(bytes: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

const wrapped = (inner: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from('['), Buffer.from(inner), Buffer.from(']')])

const container = fc.oneof(fc.array(jsonValue(3)), fc.dictionary(fc.string(), jsonValue(3)))

test('every spelling of every value is taken, on any split', t => {
  fc.assert(
    fc.property(container, fc.integer(), cuts, (value, ink, lengths) => {
      const bytes = Buffer.from(` ${spelt(value, seededRandom(ink))}\r\n`)
      assert.ok(isTaken(piecesOf(bytes, lengths)))
    }),
    runOf(t, 500),
  )
})

const change = fc.record({
  at: fc.nat(10_000),
  kind: fc.constantFrom('set', 'insert', 'remove', 'cut'),
  by: fc.oneof(
    fc.constantFrom(...Buffer.from('{}[]:,"\\0123456789.eE+-truefalsn \n\t')),
    fc.integer({ min: 0, max: 255 }),
  ),
})

function changed(
  bytes: Buffer,
  { at, kind, by }: { at: number; kind: string; by: number },
): Buffer {
  const index = at % (bytes.length + 1)
  if (kind === 'cut') return bytes.subarray(0, index)
  const [left, right] = [
    bytes.subarray(0, index),
    bytes.subarray(kind === 'insert' ? index : index + 1),
  ]
  return Buffer.concat([left, kind === 'remove' ? Buffer.alloc(0) : Buffer.from([by]), right])
}

test('of changed bytes it takes what the parser takes, and nothing else', t => {
  fc.assert(
    fc.property(
      container,
      fc.integer(),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      cuts,
      (value, ink, changes, lengths) => {
        const bytes = changes.reduce(changed, Buffer.from(spelt(value, seededRandom(ink))))
        if (/^\s*-?[0-9]/.test(bytes.toString('latin1'))) return // of a number alone it cannot tell that it is over
        assert.equal(isTaken(piecesOf(bytes, lengths)), isJson(bytes), bytes.toString('latin1'))
      },
    ),
    runOf(t, 3_000),
  )
})

test('of any three bytes in a string it takes those that are UTF-8', () => {
  const edges = [0x1f, 0x20, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0]
  edges.push(0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff)
  for (const one of edges)
    for (const two of edges)
      for (const three of edges)
        for (const four of [0x61, 0x80, 0xbf]) {
          const bytes = wrapped(Buffer.from([0x22, one, two, three, four, 0x22]))
          assert.equal(isTaken([bytes]), isJson(bytes), bytes.toString('hex'))
        }
})

test('numbers, words and escapes are those of RFC 8259', () => {
  const numbers =
    '0 -0 1 10 0.5 1e5 1E+5 1e-5 -1.25e+10 00 01 -01 - + +1 .5 1. 1.e5 1e 1e+ 1e1.5 0x1 1_0 1,, NaN Infinity'
  const words = 'true false null tru truee nul nulll True fals none undefined'
  const strings = String.raw`"\"" "\\" "\/" "\b\f\n\r\t" "\u0041" "\ud800" "\u12" "\u12g4" "\x" "\'" "a`
  for (const text of [numbers, words, strings].flatMap(line => line.split(' ')))
    assert.equal(isTaken([wrapped(text)]), isJson(wrapped(text)), text)
  for (const text of [
    '{"a" 1}',
    '{"a":}',
    '{a:1}',
    '{1:1}',
    '{"a":1,}',
    '{,}',
    '[,]',
    '[1 2]',
    '[1}',
    '{"a":1]',
    '{} {}',
    '[]]',
    '{"a","b"}',
    '["a":1]',
    '\ufeff{}',
    '{}\0',
    '//\n{}',
    ',',
    ':',
    '}',
  ])
    assert.equal(isTaken([Buffer.from(text)]), false, text)
})

test('it stops at the structure of the levels that are watched, and nowhere else', () => {
  const bytes = Buffer.from('{"a":[{"b":1,"c":2},3],"d":{"e":{"f":[4,5]},"g":6}} ')
  const stops = (watch: number): string => {
    const scan = new JsonScan()
    scan.watch = watch
    let seen = ''
    for (let at = 0; at < bytes.length; ) {
      at = scan.run(bytes, at, bytes.length)
      if (scan.stop !== 0) seen += String.fromCharCode(scan.stop)
      if (scan.stop !== 0) assert.equal(bytes[at - 1], scan.stop)
    }
    assert.ok(scan.isWhole)
    return seen
  }
  assert.equal(stops(0), '')
  assert.equal(stops(1), '{:,:}')
  assert.equal(stops(2), '{:[,],:{:,:}}')
})

test('depth is bounded, costs no stack of calls, and is that of one text', () => {
  const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
  assert.ok(isTaken([nested(1_024)]))
  assert.ok(!isTaken([nested(1_025)]))
  assert.ok(!isTaken([nested(1_000_000)]))
  const scan = new JsonScan()
  scan.run(Buffer.from('[[{"a'), 0, 5)
  scan.begin()
  assert.ok(scan.isBlank && !scan.isWhole)
  for (let at = 0; at < 2; ) at = scan.run(Buffer.from('{}'), at, 2)
  assert.ok(scan.isWhole)
})

test('of any byte anywhere in a long text, whole or a piece of it, it takes what the parser takes', () => {
  const LENGTH = 1_100
  const places = [
    ...Array(9).keys(),
    500,
    501,
    502,
    503,
    ...[...Array(9).keys()].map(n => LENGTH - 9 + n),
  ]
  const room = Buffer.alloc(LENGTH + 8)
  for (const shift of [0, 1, 2, 3])
    for (const place of places)
      for (let byte = 0; byte < 256; byte += 1) {
        const piece = room.subarray(shift, shift + LENGTH).fill('x')
        piece[place] = byte
        const pieces = [Buffer.from('["'), piece, Buffer.from('"]')]
        const whole = Buffer.concat(pieces)
        const expected = isJson(whole)
        assert.equal(isTaken(pieces), expected, `${byte} at ${place}`)
        assert.equal(isTaken([whole]), expected, `${byte} at ${place}, whole`)
      }
})

test('of any two bytes beside each other in a long text it takes what the parser takes', () => {
  const room = Buffer.alloc(1_104)
  for (let first = 0; first < 256; first += 1)
    for (let second = 0; second < 256; second += 1) {
      const text = room.subarray(second & 3, (second & 3) + 1_100).fill('x')
      text.set([first, second], 500)
      const whole = Buffer.concat([Buffer.from('["'), text, Buffer.from('"]')])
      assert.equal(isTaken([whole]), isJson(whole), `${first} ${second}`)
    }
})
