// What a result prints as: structured content once, other content block by block, failures as text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultLines } from './call.ts'

const text = (words: string) => ({ type: 'text', text: words }) as const

test('structured content is printed once, as JSON', () => {
  const lines = resultLines({ content: [text('{"a":1}')], structuredContent: { a: 1 } })
  assert.deepEqual(lines, ['{\n  "a": 1\n}'])
})

test('a failed result is its text, whatever is structured beside it', () => {
  const lines = resultLines({ content: [text('no')], structuredContent: { a: 1 }, isError: true })
  assert.deepEqual(lines, ['no'])
})

test('content that is no text is printed as JSON', () => {
  const image = { type: 'image', data: 'AA==', mimeType: 'image/png' } as const
  assert.deepEqual(resultLines({ content: [text('a'), image] }), ['a', JSON.stringify(image)])
})
