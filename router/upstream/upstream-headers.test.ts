// What may go to a replica: a list, and values that are one line each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstreamHeaders } from './upstream-headers.ts'

test('what is on the list goes out in its order, and bodies are asked for as they are', () => {
  const given = ['content-type', 'application/json', 'mcp-name', 'find', 'mcp-param-region', 'eu']
  assert.equal(
    upstreamHeaders(given),
    'content-type: application/json\r\nmcp-name: find\r\nmcp-param-region: eu\r\naccept-encoding: identity\r\n',
  )
})

test('an argument goes out under any name that its tool may choose', () => {
  const name = "mcp-param-user_id!#$%&'*+.^`|~0-"
  assert.equal(upstreamHeaders([name, 'x']).split('\r\n')[0], `${name}: x`)
})

test('a header that is not on the list is a defect and not a request', () => {
  for (const name of [
    'authorization',
    'cookie',
    'connection',
    'transfer-encoding',
    'content-length',
    'host',
    'accept-encoding',
    'x-forwarded-for',
    'mcp_name',
    'Mcp-Name',
    'mcp-param-a b',
    'mcp-param-a\r\nx',
    '',
  ])
    assert.throws(() => upstreamHeaders([name, 'x']), /is not one that goes to a replica/, name)
})

test('a value that would not stay one line of ASCII is not sent', () => {
  for (const value of ['a\r\nX-Evil: 1', 'a\nb', 'a\u0000', 'caf\u00e9', '\u{1f600}', '\u007f'])
    for (const name of ['mcp-name', 'mcp-session-id', 'mcp-param-x'])
      assert.throws(() => upstreamHeaders([name, value]), /is not visible ASCII/)
})

test('what concerns only those who trace is left out when it is broken', () => {
  const lines = upstreamHeaders(['tracestate', 'a=\u00e9', 'traceparent', '00-1-2-01'])
  assert.equal(lines, 'traceparent: 00-1-2-01\r\naccept-encoding: identity\r\n')
})
