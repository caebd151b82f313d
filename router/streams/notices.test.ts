// What a caller hears of a change: under its own subscription and by its own names, and nothing else changed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Addressed, noticeFor } from './notices.ts'

const SUB = 'io.modelcontextprotocol/subscriptionId'
const said = (json: string, to: Addressed): string | undefined => noticeFor(Buffer.from(json), to)

test('a modern caller hears it under its own subscription', () => {
  const bare = '{"jsonrpc":"2.0","method":"m"}'
  assert.equal(
    said(bare, { subscriptionJson: '"s"' }),
    `{"jsonrpc":"2.0","method":"m","params":{"_meta":{"${SUB}":"s"}}}`,
  )
  const other = `{"jsonrpc":"2.0","method":"m","params":{"n":12345678901234567890,"_meta":{"a":1.0,"${SUB}":4}}}`
  assert.equal(said(other, { subscriptionJson: '7' }), other.replace('":4}', '":7}'))
  assert.equal(
    said('{"params":{},"method":"m"}', { subscriptionJson: '7' }),
    `{"params":{"_meta":{"${SUB}":7}},"method":"m"}`,
  )
})

test('a legacy caller hears of no subscription', () => {
  assert.equal(
    said(`{"method":"m","params":{"_meta":{"${SUB}":4}}}`, {}),
    '{"method":"m","params":{}}',
  )
  assert.equal(
    said(`{"method":"m","params":{"_meta":{"${SUB}":4,"b":2}}}`, {}),
    '{"method":"m","params":{"_meta":{"b":2}}}',
  )
})

test('a resource is called as the caller calls it, and only there', () => {
  assert.equal(
    said('{"method":"m","params":{"uri":"a:b","title":"a:b","x":{"uri":"a:b"}}}', { uri: 'p+a:b' }),
    '{"method":"m","params":{"uri":"p+a:b","title":"a:b","x":{"uri":"a:b"}}}',
  )
})

test('what two readers may read differently is handed on to nobody', () => {
  for (const json of [
    '{"method":"m","method":"n"}',
    '{"method":"m","params":{"uri":"a","uri":"b"}}',
    `{"method":"m","params":{"_meta":{"${SUB}":1,"${SUB}":2}}}`,
  ])
    assert.equal(said(json, {}), undefined)
})
