// A request as it goes out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GET } from '#test/support/ask-replica.ts'
import { piecesOf } from './request.ts'

const POST = {
  ...GET,
  method: 'POST',
  path: '/mcp',
  fieldLines: 'mcp-name: find\r\n',
} as const

test('a small body goes out in one piece with its head', () => {
  const pieces = piecesOf({ ...POST, body: Buffer.from('{}') }, 'tools.internal:81')
  assert.deepEqual(pieces.map(String), [
    'POST /mcp HTTP/1.1\r\nhost: tools.internal:81\r\nconnection: keep-alive\r\nmcp-name: find\r\ncontent-length: 2\r\n\r\n{}',
  ])
})

test('a large body is not copied', () => {
  const body = Buffer.alloc(16_384, 'x')
  const [head, second] = piecesOf({ ...POST, body }, 'a')
  assert.match(String(head), /\r\ncontent-length: 16384\r\n\r\n$/)
  assert.equal(second, body)
})

test('a request without a body says so only where one would be expected', () => {
  assert.match(String(piecesOf(POST, 'a')), /\r\ncontent-length: 0\r\n\r\n$/)
  for (const method of ['GET', 'DELETE'] as const)
    assert.equal(
      String(piecesOf({ ...GET, method }, 'a')),
      `${method} / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n`,
    )
})

test('a path that would end the line, or begin another request, is none', () => {
  for (const path of ['', 'x', '*', '/a b', '/a\r\nx: y', '/a\tb', '/caf\u00e9', '/\u0000'])
    assert.throws(() => piecesOf({ ...GET, path }, 'a'), { code: 'INVALID_REQUEST' }, path)
})
