// A list cut into its elements, however its bytes are dealt out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJsonElements } from './json-elements.ts'

const LIST = [
  { a: 1, text: 'brackets ]}{[ and \\ "quotes"', deep: [[{ b: [] }], '\\'] },
  {},
  { 'ü€😀': '\u2028', n: 12345678901234567890n.toString() },
]

function cut(chunks: readonly Buffer[], most = 1_000) {
  const values: unknown[] = []
  const elements = createJsonElements(value => values.push(value), most)
  const problem = chunks.map(chunk => elements.push(chunk)).find(said => said !== undefined)
  return { values, problem: problem ?? elements.end() }
}

for (const indent of [0, 4])
  test(`cut at every byte, with ${indent} spaces of indent, it is the same list`, () => {
    const bytes = Buffer.from(JSON.stringify(LIST, null, indent))
    for (let at = 0; at <= bytes.length; at += 1) {
      const { values, problem } = cut([bytes.subarray(0, at), bytes.subarray(at)])
      assert.deepEqual([values, problem], [LIST, undefined], `cut at ${at}`)
    }
    const single = Array.from(bytes, byte => Buffer.of(byte))
    assert.deepEqual(cut(single), { values: LIST, problem: undefined })
  })

test('an empty list has no element and no problem', () => {
  assert.deepEqual(cut([Buffer.from(' [ \n] ')]), { values: [], problem: undefined })
})

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['', /not JSON/],
  ['<html>', /not JSON/],
  ['{"error":1}', /not a list/],
  ['null', /not a list/],
  ['"text"', /not a list/],
  ['[1]', /other than objects/],
  ['[{},]', /other than objects/],
  ['[{}{}]', /not JSON/],
  ['[,{}]', /other than objects/],
  ['[{}] x', /not JSON/],
  ['[{}', /not JSON/],
  ['[{"a":}]', /not JSON/],
  ['[{"a":[}]]', /not JSON/],
  ['[{"a":"', /not JSON/],
]
for (const [text, problem] of WRONG)
  test(`${JSON.stringify(text)} is refused, whole and byte by byte`, () => {
    assert.match(cut([Buffer.from(text)]).problem ?? '', problem)
    assert.match(cut(Array.from(Buffer.from(text), byte => Buffer.of(byte))).problem ?? '', problem)
  })

test('an element larger than the bound is refused before it is held', () => {
  const big = Buffer.from(`[{"a":"${'x'.repeat(2_000)}"}]`)
  assert.match(cut([big]).problem ?? '', /more than 1000 bytes/)
  const chunks = Array.from({ length: 21 }, (_, number) =>
    big.subarray(number * 97, number * 97 + 97),
  )
  assert.match(cut(chunks).problem ?? '', /more than 1000 bytes/)
})
