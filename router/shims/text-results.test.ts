// Structured content alone, as text as well: to the letter, and nothing else changes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withText } from './text-results.ts'

const answer = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`
const told = (json: string): string => withText(Buffer.from(json)).toString()
const CONTENT = '"structuredContent":{"n": 12345678901234567890,"s":"\\u00e9\\""}'
const BLOCK = `"content":[{"type":"text","text":${JSON.stringify('{"n": 12345678901234567890,"s":"\\u00e9\\""}')}}]`

test('what has no text is given that of its structured content, as it was written', () => {
  assert.equal(told(answer(`{"content":[ ],${CONTENT}}`)), answer(`{${BLOCK},${CONTENT}}`))
  assert.equal(told(answer(`{${CONTENT},"x":1.0}`)), answer(`{${BLOCK},${CONTENT},"x":1.0}`))
  assert.equal(
    told(answer('{"structuredContent":[1]}')),
    answer('{"content":[{"type":"text","text":"[1]"}],"structuredContent":[1]}'),
  )
})

test('what has content of any kind, or nothing structured, goes on as it came', () => {
  for (const result of [
    `{"content":[{"type":"image"}],${CONTENT}}`,
    '{"content":[]}',
    '{"content":[],"structuredContent":null}',
    `{"content":7,${CONTENT}}`,
    '[]',
    '7',
  ]) {
    const json = Buffer.from(answer(result))
    assert.equal(withText(json), json, result)
  }
  const note = Buffer.from('{"jsonrpc":"2.0","method":"x","params":{"structuredContent":1}}')
  assert.equal(withText(note), note)
})
