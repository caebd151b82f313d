// What a caller sent, by the strictest reading there is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequests } from './read-requests.ts'
import { requestSeeds } from './seeds.ts'

const POST = 'POST /mcp HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}'
const CHUNKED =
  'POST /mcp HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'

const read = (text: string): readonly [number, string] => {
  const { requests, rest } = readRequests(text)
  return [requests.length, rest]
}

test('every seed is one request, and nothing behind it', () => {
  for (const seed of requestSeeds)
    assert.deepEqual(read(seed.toString('latin1')), [1, ''], seed.toString())
})

test('requests are parted by their length or their chunks, and empty lines between them are none', () => {
  assert.deepEqual(read(`${POST}${CHUNKED}\r\n\r\n${POST}`), [3, ''])
  assert.deepEqual(
    readRequests(POST + CHUNKED).requests.map(({ body }) => body),
    ['{}', '{}'],
  )
})

test('what two readers could part differently, and what has no end, is the rest', () => {
  for (const rest of [
    POST.slice(0, -1),
    CHUNKED.slice(0, -1),
    'no HTTP\r\n\r\n',
    POST.replace('POST', 'OST'),
    POST.replace('1.1', '1.0'),
    POST.replace('/mcp', 'http://a/mcp'),
    POST.replace('host: a', 'host : a'),
    POST.replace('host: a', 'no header'),
    POST.replace('host: a', 'content-length: 2'),
    POST.replace('host: a', 'transfer-encoding: chunked'),
    POST.replace('length: 2', 'length: +2'),
    POST.replaceAll('\r\n', '\n'),
    CHUNKED.replace('chunked', 'gzip, chunked'),
    CHUNKED.replace('1\r\n{', 'x\r\n{'),
    CHUNKED.replace('{\r\n', '{{\r\n'),
    CHUNKED.replace('0\r\n\r\n', '0\r\nX: y\r\n\r\n'),
    POST.replace('POST', 'GET'),
  ])
    assert.deepEqual(read(POST + rest), [1, rest], rest)
})
