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
  const take = (element: Buffer): boolean => {
    try {
      return values.push(JSON.parse(element.toString())) > 0
    } catch {
      return false
    }
  }
  const elements = createJsonElements(take, most)
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

const ALIKE = [1, 2, 3, 4].map(n => ({ Node: { n }, text: '},{"Node":{', checks: [{ Node: 'x' }] }))

for (const [what, list] of [
  ['elements that begin alike', ALIKE],
  ['elements that hold others which begin as they do', ALIKE.map(one => ({ ...one, list: [one] }))],
  ['elements that begin in many ways', [...ALIKE, ...LIST, ...ALIKE]],
] as const)
  for (const indent of [0, 4])
    test(`${what}, with ${indent} spaces of indent, are the same list wherever it is cut`, () => {
      const bytes = Buffer.from(JSON.stringify(list, null, indent))
      for (let at = 0; at <= bytes.length; at += 1) {
        const { values, problem } = cut([bytes.subarray(0, at), bytes.subarray(at)])
        assert.deepEqual([values, problem], [list, undefined], `cut at ${at}`)
      }
    })

test('of elements that begin alike one that is no JSON, or too large, is refused', () => {
  const whole = JSON.stringify(ALIKE)
  const broken = whole.replace('"n":3', '"n":')
  assert.match(cut([Buffer.from(broken)]).problem ?? '', /not JSON/)
  const large = whole.replace('"n":3', `"n":"${'x'.repeat(2_000)}"`)
  assert.match(cut([Buffer.from(large)]).problem ?? '', /more than 1000 bytes/)
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
