// Whatever the split of the bytes, the caller's id stands in the place of the router's and every other byte is what it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { cuts, jsonValue, piecesOf, runOf, spelt } from '#test/support/properties.ts'
import { EXPECTED_ID, kindOf, rpcMessage } from '#test/support/rpc-messages.ts'
import { IdSwap, type MessageKind } from './id-swap.ts'
import { eachMember, firstValue, isObjectAt, splice } from './json-spans.ts'

const OURS = String(EXPECTED_ID)
const NO_OBJECTS = ['[{"code":1,"message":""}]', ' "{}"', '1', '\nnull ']

interface Swapped {
  readonly text: string
  readonly kind: MessageKind
}

function swapped(pieces: readonly Buffer[], expected = OURS, by = '"caller"'): Swapped {
  const swap = new IdSwap(expected, by)
  const out: Buffer[] = []
  for (const piece of pieces)
    swap.feed(piece, 0, piece.length, one => void out.push(Buffer.from(one)))
  return { text: Buffer.concat(out).toString(), kind: swap.end() }
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

test('a message is what its value says, on any split, and only the top-level id is replaced', t => {
  const counts = new Map<MessageKind, number>()
  fc.assert(
    fc.property(fc.oneof(rpcMessage, jsonValue(3)), fc.integer(), cuts, (value, ink, lengths) => {
      const json = spelt(value, seededRandom(ink))
      const { text, kind } = swapped(piecesOf(Buffer.from(json), lengths))
      assert.equal(kind, kindOf(value), json)
      assert.equal(whole(json).kind, kind)
      if (kind !== 'bad') assert.equal(text, spliced(json, '"caller"'))
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }),
    runOf(t, 1_500),
  )
  t.diagnostic(JSON.stringify([...counts]))
  for (const kind of ['answer', 'request', 'other', 'bad'] as const)
    assert.ok((counts.get(kind) ?? 0) > 20, kind)
})

test('an id that is the same on both sides passes as it was spelt, and without a copy', t => {
  fc.assert(
    fc.property(rpcMessage, fc.integer(), cuts, (value, ink, lengths) => {
      const json = spelt(value, seededRandom(ink))
      const { text, kind } = swapped(piecesOf(Buffer.from(json), lengths), OURS, OURS)
      assert.equal(kind, kindOf(value))
      if (kind !== 'bad') assert.equal(text, json)
    }),
    runOf(t, 500),
  )
  const body = Buffer.from('{"jsonrpc":"2.0","id":7,"result":{}}')
  const out: Buffer[] = []
  new IdSwap('7', '7').feed(body, 0, body.length, piece => void out.push(piece))
  assert.deepEqual([out.length, out[0]?.buffer], [1, body.buffer])
})

/** Bytes that a broken server might send: pieces of JSON in any order. */
const rubble = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      '"id":',
      OURS,
      '\n',
      ' ',
      'é',
      '1',
      '"jsonrpc":"2.0"',
      '"result":{}',
    ),
  )
  .map(parts => parts.join(''))

test('bytes that are no JSON are bad or nothing, whatever the split, and throw nothing', t => {
  fc.assert(
    fc.property(rubble, cuts, (text, lengths) => {
      const { kind } = swapped(piecesOf(Buffer.from(text), lengths))
      assert.equal(kind, whole(text).kind)
      if (/^[\s]*$/.test(text)) assert.equal(kind, 'none')
      else if (!isJson(text)) assert.equal(kind, 'bad', text)
    }),
    runOf(t, 1_000),
  )
})

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

const V = '"jsonrpc":"2.0"'

test('the id may come first, last, escaped, as text, beyond ASCII, in white space', () => {
  for (const [json, expected, out] of [
    [`{"id":7,"result":{},${V}}`, '7', `{"id":"x","result":{},${V}}`],
    [`{${V},"result":{},"id":7}`, '7', `{${V},"result":{},"id":"x"}`],
    [`{${V},"result":{},"id" :\t 7.0 }`, '7', `{${V},"result":{},"id" :\t "x" }`],
    [`{${V},"\\u0069d":"\\u0061","result":{}}`, '"a"', `{${V},"\\u0069d":"x","result":{}}`],
    [`{${V},"id":"\\u4e16\\/","result":{}}`, '"世/"', `{${V},"id":"x","result":{}}`],
    [`{${V},"id":"世/","result":{}}`, '"\\u4e16\\/"', `{${V},"id":"x","result":{}}`],
    [`{${V},"id":0,"result":{}}`, '0', `{${V},"id":"x","result":{}}`],
    [
      `{"\\u006asonrpc":"2\\u002e0","id":"","result":{}}`,
      '""',
      `{"\\u006asonrpc":"2\\u002e0","id":"x","result":{}}`,
    ],
  ] as const)
    assert.deepEqual(whole(json, expected, '"x"'), { text: out, kind: 'answer' }, json)
})

test('a response to another call is not for this caller, and a number and a string of the same digits are two ids', () => {
  for (const [id, expected] of [
    ['8', '7'],
    ['"7"', '7'],
    ['7', '"7"'],
    ['null', '0'],
    ['false', '0'],
    ['{"id":7}', '7'],
    ['[7]', '7'],
  ] as const)
    assert.equal(whole(`{${V},"id":${id},"result":{}}`, expected).kind, 'bad', id)
})

test('what says twice what it is, half of it or too much is no answer', () => {
  for (const json of [
    `{"id":7,"result":{}}`,
    `{${V},"result":{}}`,
    `{${V},"id":7}`,
    `{${V},"id":7,"id":7,"result":{}}`,
    `{${V},"id":8,"i\\u0064":7,"result":{}}`,
    `{${V},${V},"id":7,"result":{}}`,
    `{${V},"id":7,"result":{},"result":{}}`,
    `{${V},"id":7,"result":{},"error":{"code":1,"message":""}}`,
    `{${V},"id":7,"error":{"code":1,"code":1,"message":""}}`,
    `{${V},"id":7,"error":{"code":1}}`,
    `{${V},"id":7,"error":{"x":{"code":1,"message":""}}}`,
    `{${V},"id":7,"error":null,"data":{"code":1,"message":""}}`,
    ...NO_OBJECTS.flatMap(no => [`{${V},"id":7,"result":${no}}`, `{${V},"id":7,"error":${no}}`]),
    `{${V},"id":7,"method":"a","result":{}}`,
    `[{${V},"id":7,"result":{}}]`,
    `{${V},"id":7,"result":{}}{${V},"id":7,"result":{}}`,
    `{${V},"id":7,"result":{}}x`,
    '7',
    '<html>',
  ])
    assert.equal(whole(json, '7').kind, 'bad', json)
  for (const json of [
    `{${V},"id":7,"error":{"data":{"code":"x","message":1},"message":"\\u0000","code":-32000}}`,
    `{${V},"id":7,"error":{"code":1,"message":"${'m'.repeat(20_000)}"} } `,
    `{${V},"id":7,"result":{"error":1,"id":2},"${'k'.repeat(6_000)}":1}`,
  ])
    assert.equal(whole(json, '7').kind, 'answer', json.slice(0, 100))
})

test('a notification and a request of the server’s own are no answers, and go on', () => {
  for (const [json, kind] of [
    [`{${V},"method":"notifications/message","params":{"id":${OURS}}}`, 'other'],
    [`{${V},"id":1,"method":"notifications/progress"}`, 'request'],
    [`{${V},"method":"notifications/progresses"}`, 'other'],
    [`{${V},"id":"of-the-server","method":"roots/list"}`, 'request'],
    [`{${V},"id":null,"method":"a"}`, 'other'],
    [`{"method":"a",${V}, "id" : null }`, 'other'],
  ] as const)
    for (const by of ['"caller"', OURS])
      assert.deepEqual(whole(json, OURS, by), { text: json, kind }, json)
})

test('a server’s own id goes on as it is named, on any split; one without a name may not stand here', () => {
  const name = (idJson: string): string | undefined =>
    idJson === '"é"' ? '"named"' : idJson === '0' ? '"zero"' : undefined
  const read = (json: string, at: number): Swapped => {
    const swap = new IdSwap(OURS, '"caller"', name)
    let text = ''
    const bytes = Buffer.from(json)
    for (const piece of [bytes.subarray(0, at), bytes.subarray(at)])
      swap.feed(piece, 0, piece.length, one => {
        text += one.toString('latin1')
      })
    return { text: Buffer.from(text, 'latin1').toString(), kind: swap.end() }
  }
  for (const [id, named] of [
    ['"é"', '"named"'],
    ['0', '"zero"'],
  ] as const) {
    const json = `{${V},"id":${id},"method":"roots/list"}`
    const out = { text: `{${V},"id":${named},"method":"roots/list"}`, kind: 'request' }
    for (let at = 0; at <= Buffer.byteLength(json); at += 1) assert.deepEqual(read(json, at), out)
  }
  assert.equal(read(`{${V},"id":5,"method":"roots/list"}`, 0).kind, 'bad')
  assert.equal(read(`{${V},"id":0,"result":{}}`, 0).kind, 'bad', 'the answer to another call')
  assert.equal(read(`{${V},"id":null,"method":"a"}`, 3).kind, 'other')
})

test('progress is told apart however it is spelt and cut', () => {
  for (const json of [
    `{${V},"method":"notifications/progress","params":{"id":${OURS}}}`,
    `{"method":"notifications\\/progre\\u0073s",${V}}`,
  ])
    for (let at = 0; at <= json.length; at += 1) {
      const pieces = [Buffer.from(json.slice(0, at)), Buffer.from(json.slice(at))]
      assert.equal(swapped(pieces).kind, 'progress', json)
    }
})

test('the longest id that a caller may send is found in its longest spelling; a longer one is nobody’s, and is not kept', () => {
  const longest = 'x'.repeat(1_022)
  const spelling = `"${longest.replaceAll('x', '\\u0078')}"`
  const json = `{${V},"id":${spelling},"result":{}}`
  for (const lengths of [[10_000], [500, 3_000, 10_000]])
    assert.deepEqual(swapped(piecesOf(Buffer.from(json), lengths), JSON.stringify(longest), '1'), {
      text: `{${V},"id":1,"result":{}}`,
      kind: 'answer',
    })
  for (const foreign of [`"${'y'.repeat(100_000)}"`, '7'.repeat(100_000), `${' '.repeat(7_000)}7`])
    for (const lengths of [[200_000], [6_000, 200_000], Array.from({ length: 200 }, () => 60)]) {
      const pieces = piecesOf(Buffer.from(`{${V},"id":${foreign},"result":{}}`), lengths)
      assert.equal(swapped(pieces, '7').kind, 'bad')
    }
  const spaced = `{${V},"id":7,"id"${' '.repeat(7_000)}:8,"result":{}}`
  assert.equal(whole(spaced, '8').kind, 'bad')
})

test('a message that breaks off is no answer, wherever it breaks', () => {
  const json = `{${V},"id":${OURS},"result":{"a":["b",{}]},"c":1}`
  for (let length = 1; length < json.length; length += 1) {
    assert.equal(whole(json.slice(0, length)).kind, 'bad', json.slice(0, length))
    assert.equal(whole(json.slice(0, length), OURS, OURS).text, json.slice(0, length))
  }
  assert.equal(whole(json).kind, 'answer')
})

test('from the fault on nothing is handed on, and the next message is judged by itself', () => {
  const swap = new IdSwap('7', '8')
  const out: string[] = []
  const feed = (json: string): void =>
    swap.feed(Buffer.from(json), 0, json.length, piece => void out.push(piece.toString()))
  feed(`{${V},"id":7,}`)
  assert.ok(swap.isBroken)
  feed('"result":{}}')
  assert.equal(out.join(''), `{${V},"id":8`)
  assert.equal(swap.end(), 'bad')
  assert.ok(!swap.isBroken)
  feed(`{${V},"id":7,"result":{}}`)
  assert.equal(swap.end(), 'answer')
  assert.equal(swap.end(), 'none')
})

test('where a line of an event ends, what waits goes out, so that the next line begins behind it', () => {
  for (const [lines, out] of [
    [
      [`{${V},"id":`, '7', ',"result":{}}'],
      [`{${V},"id":`, '\n', '8\n', ',"result":{}}', '\n'],
    ],
    [
      [`{${V},"id": 7`, ',"result":{}}'],
      [`{${V},"id":`, ' 8\n', ',"result":{}}', '\n'],
    ],
  ] as const) {
    const swap = new IdSwap('7', '8')
    const pieces: string[] = []
    const emit = (piece: Buffer): void => void pieces.push(piece.toString())
    for (const line of lines) {
      swap.feed(Buffer.from(line), 0, line.length, emit)
      swap.endLine(emit)
    }
    assert.deepEqual([pieces, swap.end()], [out, 'answer'])
  }
})
