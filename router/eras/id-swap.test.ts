// Whatever the split of the bytes, the caller's id stands in the place of the router's and every other byte is what it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { IdSwap } from './id-swap.ts'
import { eachMember, firstValue, isObjectAt, splice } from './json-spans.ts'

const OURS = '1000000007'

interface Swapped {
  readonly text: string
  readonly isAnswered: boolean
}

function swapped(pieces: readonly Buffer[], expected = OURS, by = '"caller"'): Swapped {
  const swap = new IdSwap(expected, by)
  const out: Buffer[] = []
  const emit = (piece: Buffer): void => void out.push(Buffer.from(piece))
  for (const piece of pieces)
    assert.equal(swap.feed(piece, 0, piece.length, false, emit), piece.length)
  swap.endMessage(emit)
  return { text: Buffer.concat(out).toString(), isAnswered: swap.isAnswered }
}

const whole = (json: string, expected = OURS, by = '"caller"'): Swapped =>
  swapped([Buffer.from(json)], expected, by)

/** The same on the whole text, the slow way. */
function spliced(json: string, by: string): string {
  const bytes = Buffer.from(json)
  const spans: { start: number; end: number }[] = []
  if (isObjectAt(bytes, firstValue(bytes)))
    eachMember(bytes, firstValue(bytes), (key, span) => {
      const is = JSON.parse(bytes.toString('utf8', span.start, span.end)) as unknown
      if (key === 'id' && is === Number(OURS)) spans.push(span)
    })
  return splice(
    bytes,
    spans.map(span => ({ span, by })),
  ).toString()
}

const id = fc.oneof(
  fc.constant(Number(OURS)),
  fc.constant(OURS),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
  fc.constant(null),
)
const anything = jsonValue(3)
/** Messages with their members in any order, ids at every depth. */
const message = fc
  .record(
    {
      jsonrpc: fc.constant('2.0'),
      id,
      result: fc.oneof(anything, fc.record({ id, nested: fc.array(fc.record({ id })) })),
      error: fc.record({ id, code: fc.integer() }),
      method: fc.constantFrom('tools/call', 'id'),
      'i"d': anything,
      odd: anything,
    },
    { requiredKeys: ['jsonrpc'] },
  )
  .chain(value =>
    fc
      .shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length })
      .map(entries => Object.fromEntries(entries)),
  )

test('any split of any message gives what no split gives, and only the top-level id is replaced', t => {
  fc.assert(
    fc.property(fc.oneof(message, anything), fc.integer(), cuts, (value, ink, lengths) => {
      const json = spelt(value, seededRandom(ink))
      const split = swapped(piecesOf(Buffer.from(json), lengths))
      assert.equal(split.text, spliced(json, '"caller"'))
      assert.deepEqual(split, whole(json))
    }),
    runOf(t, 500),
  )
})

test('a message answers when it has the expected id and an outcome, and is no request', t => {
  fc.assert(
    fc.property(message, fc.integer(), cuts, (value, ink, lengths) => {
      const json = spelt(value, seededRandom(ink))
      const { isAnswered } = swapped(piecesOf(Buffer.from(json), lengths))
      const isOurs = value['id'] === Number(OURS) && value['method'] === undefined
      assert.equal(isAnswered, isOurs && ('result' in value || 'error' in value))
    }),
    runOf(t, 500),
  )
})

test('an id that is the same on both sides passes as it was spelt, and is noticed', t => {
  fc.assert(
    fc.property(message, fc.integer(), cuts, (value, ink, lengths) => {
      const json = spelt(value, seededRandom(ink))
      const { text, isAnswered } = swapped(piecesOf(Buffer.from(json), lengths), OURS, OURS)
      assert.equal(text, json)
      assert.equal(isAnswered, whole(json).isAnswered)
    }),
    runOf(t, 300),
  )
})

/** Bytes that a broken server might send: pieces of JSON in any order. */
const rubble = fc
  .array(
    fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '"id"', OURS, '\n', ' ', 'é', '1'),
  )
  .map(parts => parts.join(''))

test('bytes that are no JSON pass whole, whatever the split, and throw nothing', t => {
  fc.assert(
    fc.property(rubble, cuts, (text, lengths) => {
      assert.equal(swapped(piecesOf(Buffer.from(text), lengths), OURS, OURS).text, text)
      assert.equal(swapped(piecesOf(Buffer.from(text), lengths), '77', '88').text, text)
    }),
    runOf(t, 500),
  )
})

test('the id may come first, last, escaped, as text, beyond ASCII', () => {
  for (const [json, expected, out] of [
    ['{"id":7,"result":{}}', '7', '{"id":"x","result":{}}'],
    ['{"result":{},"id":7}', '7', '{"result":{},"id":"x"}'],
    ['{"result":{},"id":7.0 }', '7', '{"result":{},"id":"x" }'],
    ['{"\\u0069d":"a","result":1}', '"a"', '{"\\u0069d":"x","result":1}'],
    ['{"id":"\\u4e16\\/","result":1}', '"世/"', '{"id":"x","result":1}'],
    ['{"id":"世/","error":1}', '"\\u4e16\\/"', '{"id":"x","error":1}'],
    ['{"id":0,"result":1}', '0', '{"id":"x","result":1}'],
    ['{"id":"","result":1}', '""', '{"id":"x","result":1}'],
  ] as const) {
    assert.deepEqual(whole(json, expected, '"x"'), { text: out, isAnswered: true }, json)
  }
})

test('a number and a string of the same digits are two ids', () => {
  for (const [json, expected] of [
    ['{"id":"7","result":1}', '7'],
    ['{"id":7,"result":1}', '"7"'],
    ['{"id":null,"result":1}', '0'],
    ['{"id":false,"result":1}', '0'],
  ] as const) {
    assert.deepEqual(whole(json, expected), { text: json, isAnswered: false }, json)
  }
})

test('ids below the top, ids of notifications and of arrays of messages are left alone', () => {
  for (const json of [
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"id":${OURS}}}`,
    `{"result":{"id":${OURS}},"id":5}`,
    `[{"id":${OURS},"result":1}]`,
    `{"id":{"id":${OURS}},"result":1}`,
    `{"id":[${OURS}],"result":1}`,
    `"id"`,
    `{"a":"\\"id\\":${OURS}"}`,
  ]) {
    assert.deepEqual(whole(json), { text: json, isAnswered: false }, json)
  }
})

test('an id of any length goes through unharmed, and the longest that a caller may send is found in its longest spelling', () => {
  const longest = 'x'.repeat(1_022)
  const spelling = `"${longest.replaceAll('x', '\\u0078')}"`
  assert.deepEqual(whole(`{"id":${spelling},"result":1}`, JSON.stringify(longest), '1'), {
    text: '{"id":1,"result":1}',
    isAnswered: true,
  })
  for (const foreign of [`"${'y'.repeat(100_000)}"`, '7'.repeat(100_000)]) {
    const json = `{"id":${foreign},"result":{"id":${OURS}}}`
    assert.deepEqual(whole(json), { text: json, isAnswered: false })
  }
})

test('a message that breaks off is no answer, wherever it breaks', () => {
  const json = `{"id":${OURS},"result":{"a":["b",{}]},"c":1}`
  for (let length = 0; length < json.length; length += 1) {
    assert.equal(whole(json.slice(0, length)).isAnswered, false, json.slice(0, length))
    assert.equal(whole(json.slice(0, length), OURS, OURS).text, json.slice(0, length))
  }
  assert.equal(whole(json).isAnswered, true)
})

test('one message after another is judged by itself', () => {
  const swap = new IdSwap('7', '8')
  const feed = (json: string): void => {
    swap.feed(Buffer.from(json), 0, json.length, false, () => undefined)
    swap.endMessage(() => undefined)
  }
  feed('{"id":7')
  feed('"result":1}')
  assert.equal(swap.isAnswered, false)
  feed('{"id":7,"result":1}')
  assert.equal(swap.isAnswered, true)
})
