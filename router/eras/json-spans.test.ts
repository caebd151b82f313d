// Positions in JSON bytes agree with the parser, whatever the spelling.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import {
  eachElement,
  eachMember,
  firstValue,
  isArrayAt,
  isKey,
  isObjectAt,
  skipValue,
  splice,
  walkMembers,
} from './json-spans.ts'

const members = (json: string): readonly (readonly [string, string])[] => {
  const bytes = Buffer.from(json)
  const found: (readonly [string, string])[] = []
  eachMember(bytes, firstValue(bytes), (key, { start, end }) =>
    found.push([key, bytes.toString('utf8', start, end)]),
  )
  return found
}

const elements = (json: string): readonly string[] => {
  const bytes = Buffer.from(json)
  const found: string[] = []
  eachElement(bytes, firstValue(bytes), ({ start, end }) =>
    found.push(bytes.toString('utf8', start, end)),
  )
  return found
}

const anything = jsonValue(4)
const keys = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'id', '"', '\\'),
)

test('the members of any object are found with their decoded keys and whole values', t => {
  fc.assert(
    fc.property(fc.dictionary(keys, anything), fc.integer(), (value, ink) => {
      const found = members(` ${spelt(value, seededRandom(ink))}\n`)
      assert.deepEqual(
        found.map(([key, json]) => [key, JSON.parse(json) as unknown]),
        Object.entries(value),
      )
    }),
    runOf(t, 500),
  )
})

test('the elements of any array are found whole', t => {
  fc.assert(
    fc.property(fc.array(anything), fc.integer(), (value, ink) => {
      const found = elements(`\t${spelt(value, seededRandom(ink))}`)
      assert.deepEqual(
        found.map(json => JSON.parse(json) as unknown),
        value,
      )
    }),
    runOf(t, 500),
  )
})

test('a key is recognised in every spelling, and no other is taken for it', t => {
  fc.assert(
    fc.property(fc.oneof(fc.constant('name'), fc.string()), fc.integer(), (key, ink) => {
      const bytes = Buffer.from(spelt({ [key]: 1 }, seededRandom(ink)))
      walkMembers(bytes, 0, (start, end, value) => {
        assert.equal(isKey(bytes, start, end, 'name'), key === 'name')
        return skipValue(bytes, value)
      })
    }),
    runOf(t, 300),
  )
  const twin = Buffer.from('"n\\u0061me"')
  assert.equal(isKey(twin, 0, twin.length, 'name'), true)
  const other = Buffer.from('"n\\u0062me"')
  assert.equal(isKey(other, 0, other.length, 'name'), false)
})

test('values keep their spelling: numbers that JavaScript cannot hold, escapes, brackets and quotes in text', () => {
  assert.deepEqual(
    members('{"a":12345678901234567890,"b" : 1e2 ,"c":"}\\"]\\\\","d":[1,{"e":"{"}],"f":-0.0}'),
    [
      ['a', '12345678901234567890'],
      ['b', '1e2'],
      ['c', '"}\\"]\\\\"'],
      ['d', '[1,{"e":"{"}]'],
      ['f', '-0.0'],
    ],
  )
  assert.deepEqual(members('{}'), [])
  assert.deepEqual(members('{ }'), [])
  assert.deepEqual(elements('[ ]'), [])
})

test('a hundred thousand levels are walked without a stack', () => {
  const depth = 100_000
  const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.deepEqual(members(`{"a":${nested},"b":1}`)[1], ['b', '1'])
  const mixed = `${'{"a":['.repeat(depth)}${']}'.repeat(depth)}`
  assert.equal(members(mixed)[0]?.[1].length, mixed.length - 6)
})

test('an object and an array are told apart by their first byte', () => {
  assert.ok(isObjectAt(Buffer.from('{}'), 0) && !isObjectAt(Buffer.from('[]'), 0))
  assert.ok(isArrayAt(Buffer.from('[]'), 0) && !isArrayAt(Buffer.from('{}'), 0))
})

test('text that is no JSON is a defect that is noticed, not an endless walk', () => {
  assert.throws(() => members('{"a":1'), /not JSON/)
  assert.throws(() => members('{"a":"1" "b":2}'), /not JSON/)
  assert.throws(() => elements('["1" 2]'), /not JSON/)
})

test('splicing replaces each span and keeps every other byte', () => {
  const bytes = Buffer.from('{"id": 1 ,"é":2}')
  const [id, other] = [members(bytes.toString()), bytes.indexOf('2')]
  assert.equal(id.length, 2)
  const out = splice(bytes, [
    { span: { start: 7, end: 8 }, by: '"世"' },
    { span: { start: other, end: other + 1 }, by: '' },
  ])
  assert.equal(out.toString(), '{"id": "世" ,"é":}')
  assert.ok(splice(bytes, []).equals(bytes))
})
