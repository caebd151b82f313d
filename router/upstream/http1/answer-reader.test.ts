// Answers as bytes: what is accepted, in pieces of any size, and each thing that is refused because somebody else might read it otherwise.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, readInTwo } from '#test/support/read-answer.ts'
import { AnswerReader } from './answer-reader.ts'

const head = (...fields: readonly string[]): string =>
  ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n')
const chunked = (body: string): string => head('Transfer-Encoding: chunked') + body

interface Good {
  readonly bytes: string
  readonly body?: string
  readonly status?: number
  /** The end of the connection is the end of the answer. */
  readonly closes?: true
  readonly rest?: string
}

const GOOD: Readonly<Record<string, Good>> = {
  'a length': { bytes: `${head('Content-Length: 5')}hello`, body: 'hello' },
  'a length of zero': { bytes: head('content-length: 0') },
  'a length with blanks around it': { bytes: `${head('content-length:\t 2 \t')}ok`, body: 'ok' },
  'the end of the connection': { bytes: `${head('a: b')}hello`, body: 'hello', closes: true },
  'an old version': { bytes: 'HTTP/1.0 200 OK\r\n\r\nhello', body: 'hello', closes: true },
  'no reason': { bytes: 'HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n', status: 404 },
  'not even a blank': { bytes: 'HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n', status: 404 },
  'no content': { bytes: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204 },
  'no content, and a length': {
    bytes: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n',
    status: 304,
  },
  chunks: { bytes: chunked('5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n'), body: 'helloyou' },
  'chunks in any case': {
    bytes: `${head('TRANSFER-ENCODING: Chunked')}A\r\n0123456789\r\n0\r\n\r\n`,
    body: '0123456789',
  },
  'a chunk with extensions': {
    bytes: chunked('002;a;b=c;d="e f"\r\nok\r\n0;x\r\n\r\n'),
    body: 'ok',
  },
  trailers: { bytes: chunked('2\r\nok\r\n0\r\nx: y\r\nz:\r\n\r\n'), body: 'ok' },
  'an informal answer first': {
    bytes: `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head('content-length: 2')}ok`,
    body: 'ok',
  },
  'a 100 that nobody asked for': {
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${head('content-length: 2')}ok`,
    body: 'ok',
  },
  'more behind it': {
    bytes: `${head('content-length: 2')}okHTTP/1.1 200`,
    body: 'ok',
    rest: 'HTTP/1.1 200',
  },
  'more behind the last chunk': { bytes: chunked('2\r\nok\r\n0\r\n\r\nx'), body: 'ok', rest: 'x' },
  'a value of other bytes': { bytes: head('content-length: 0', 'x: caf\u00e9\tau lait') },
}

for (const [name, { bytes, body = '', status = 200, closes, rest = '' }] of Object.entries(GOOD))
  test(`${name} is read, wherever it is split`, () => {
    const wanted = { status, body, rest, isWhole: true }
    assert.deepEqual(told(read([bytes], closes)), wanted)
    assert.deepEqual(told(read(bytes.split(''), closes)), wanted, 'byte by byte')
    for (let at = 1; at < bytes.length; at += 1)
      assert.deepEqual(told(readInTwo(bytes, at, closes)), wanted, `split at ${at}`)
  })

const told = ({ status, body, rest, isWhole }: ReturnType<typeof read>) => ({
  status,
  body,
  rest,
  isWhole,
})

const BAD: Readonly<Record<string, string>> = {
  'another protocol': 'SSH-2.0-x\r\n',
  'another version': 'HTTP/1.2 200 OK\r\n\r\n',
  'the version before': 'HTTP/0.9 200 OK\r\n\r\n',
  'the version after': 'HTTP/2 200\r\n\r\n',
  'a version in small letters': 'http/1.1 200 OK\r\n\r\n',
  'an empty line first': `\r\n${head('content-length: 0')}`,
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'a status that is none': 'HTTP/1.1 099 OK\r\n\r\n',
  'a status of six hundred': 'HTTP/1.1 600 OK\r\n\r\n',
  'two blanks before the status': 'HTTP/1.1  200 OK\r\n\r\n',
  'a control character in the reason': 'HTTP/1.1 200 O\u0001K\r\n\r\n',
  'an informal answer with a length': `HTTP/1.1 103 x\r\ncontent-length: 0\r\n\r\n${head('content-length: 0')}`,
  'an informal answer that is the last': `HTTP/1.1 103 x\r\nconnection: close\r\n\r\n${head('content-length: 0')}`,
  'another protocol by agreement': 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n',
  'LF alone after the status line': 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n',
  'LF alone after a field': head('a: b\nc: d'),
  'LF alone at the end': 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\n',
  'CR alone in a value': head('a: b\rc: d'),
  'CR alone at the end': 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\rx',
  'NUL in a value': head('a: b\u0000'),
  'NUL in a name': head('a\u0000: b'),
  'a control character in a value': head('a: b\u0007'),
  'DEL in a value': head('a: b\u007f'),
  // The lines behind are good ones, each from two bytes on.
  'two control characters, and a field behind': head('a: b\u0001\u0001c: d'),
  'two LF alone, and a field behind': head('a: b\n\nc: d'),
  'two CR alone, and a field behind': head('a: b\r\rc: d'),
  'a value that goes on in the next line': head('a: b', ' c'),
  'a first line that is a continuation': head(' a: b'),
  'a field without a name': head(': b'),
  'a line without a colon': head('content-length'),
  'a blank before the colon': head('content-length : 0'),
  'a name of other bytes': head('caf\u00e9: 1'),
  'two lengths': head('content-length: 2', 'content-length: 2'),
  'a list of lengths': head('content-length: 2, 2'),
  'a length with a sign': head('content-length: +2'),
  'a length below zero': head('content-length: -2'),
  'a length in hexadecimal': head('content-length: 0x2'),
  'a length with a part': head('content-length: 2.0'),
  'an empty length': head('content-length:'),
  'a length beyond all numbers': head('content-length: 9999999999999999'),
  'a length and a coding': head('content-length: 2', 'transfer-encoding: chunked'),
  'a coding and a length': head('transfer-encoding: chunked', 'content-length: 2'),
  'chunked twice': head('transfer-encoding: chunked', 'transfer-encoding: chunked'),
  'chunked in a list of two': head('transfer-encoding: chunked, chunked'),
  'another coding': head('transfer-encoding: gzip'),
  'another coding before': head('transfer-encoding: gzip, chunked'),
  'another coding after': head('transfer-encoding: chunked, identity'),
  'a coding of its own': head('transfer-encoding: xchunked'),
  'an empty coding': head('transfer-encoding:'),
  'no body, and two codings': 'HTTP/1.1 204 x\r\ntransfer-encoding: a, b\r\n\r\n',
  'chunks of the old version': 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  'a head that is too large': head(`a: ${'x'.repeat(16_384)}`),
  'a chunk without a size': chunked('\r\n'),
  'a size with a sign': chunked('+2\r\nok\r\n'),
  'a size below zero': chunked('-2\r\nok\r\n'),
  'a size with a prefix': chunked('0x2\r\nok\r\n'),
  'a size that is none': chunked('zz\r\n'),
  'a blank before a size': chunked(' 2\r\nok\r\n'),
  'a blank after a size': chunked('2 \r\nok\r\n'),
  'a size beyond all numbers': chunked('fffffffffffffff\r\n'),
  'LF alone after a size': chunked('2\nok\r\n'),
  'CR alone after a size': chunked('2\rok\r\n'),
  'LF alone after a chunk': chunked('2\r\nok\n'),
  'CR alone after a chunk': chunked('2\r\nok\r0\r\n\r\n'),
  'another byte than LF after a size and CR': chunked('2\rxok\r\n0\r\n\r\n'),
  'another byte than LF after a chunk and CR': chunked('2\r\nok\rx0\r\n\r\n'),
  'a chunk that is too long': chunked('2\r\nokay\r\n'),
  'an extension without a name': chunked('2;\r\nok\r\n'),
  'an extension that does not end': chunked('2;a="b\r\nok\r\n'),
  'an extension with a control character': chunked('2;a\u0000\r\nok\r\n'),
  'extensions without end': chunked(`2;${'x'.repeat(300)}\r\nok\r\n`),
  'LF alone after the last chunk': chunked('0\n\r\n'),
  'a trailer that is none': chunked('0\r\nno trailer\r\n\r\n'),
  'LF alone after a trailer': chunked('0\r\na: b\n\r\n'),
  'a trailer that says a length': chunked('2\r\nok\r\n0\r\na: b\r\nContent-Length: 2\r\n\r\n'),
  'a trailer that says a coding': chunked('2\r\nok\r\n0\r\ntransfer-encoding: chunked\r\n\r\n'),
  'trailers without end': chunked(`0\r\na: ${'x'.repeat(16_384)}\r\n\r\n`),
}

for (const [name, bytes] of Object.entries(BAD))
  test(`${name} is refused, wherever it is split`, () => {
    const refused = (pieces: readonly string[], words: string): void => {
      const { problem, isWhole } = read(pieces)
      assert.match(problem ?? 'accepted', / /, words)
      assert.equal(isWhole, false, words)
    }
    refused([bytes], 'at once')
    refused(bytes.split(''), 'byte by byte')
    for (let at = 1; at < Math.min(bytes.length, 400); at += 1)
      refused([bytes.slice(0, at), bytes.slice(at)], `split at ${at}`)
  })

test('what is not whole is not taken for it, wherever it ends', () => {
  for (const bytes of [
    `${head('content-length: 5')}hello`,
    chunked('5\r\nhello\r\n0\r\nx: y\r\n\r\n'),
  ])
    for (let at = 0; at < bytes.length; at += 1)
      assert.equal(read([bytes.slice(0, at)], true).isWhole, false, bytes.slice(0, at))
})

test('informal answers without end are no answer', () => {
  const informal = 'HTTP/1.1 102 Processing\r\n\r\n'
  const whole = head('content-length: 0')
  assert.equal(read([informal.repeat(8) + whole]).isWhole, true)
  assert.equal(
    read([informal.repeat(9) + whole]).problem,
    'more than 8 answers of status 102 and no final one',
  )
})

test('each answer may have as many informal ones before it', () => {
  const memory = Buffer.from(`HTTP/1.1 102 Processing\r\n\r\n${head('content-length: 0')}`)
  const reader = new AnswerReader({ onHead: () => undefined, onData: () => undefined })
  for (let answers = 0; answers < 9; answers += 1) {
    reader.begin()
    assert.deepEqual([reader.informal, reader.isWhole], [0, false])
    reader.read(memory, memory.length)
    assert.deepEqual([reader.informal, reader.isWhole], [1, true])
  }
})

test('what breaks in who listens is no fault of the answer', () => {
  const memory = Buffer.from(head('content-length: 0'))
  const planted = new TypeError('planted')
  const onHead = (): never => {
    throw planted
  }
  const reader = new AnswerReader({ onHead, onData: () => undefined })
  assert.throws(() => reader.read(memory, memory.length), planted)
})

test('nothing is told where nothing came', () => {
  for (const bytes of [head('content-length: 2'), chunked('2;a\r\n')])
    assert.equal(read([bytes, 'ok']).pieces, 1)
  assert.equal(read([head('content-length: 0')]).pieces, 0)
})

test('small chunks that come together are one piece', () => {
  const { pieces, body } = read([chunked(`${'1\r\nx\r\n'.repeat(1_000)}0\r\n\r\n`)])
  assert.deepEqual([pieces, body], [1, 'x'.repeat(1_000)])
})

test('what is told lies where it was read', () => {
  const memory = Buffer.from(chunked('3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'))
  const told: Buffer[] = []
  const reader = new AnswerReader({ onHead: () => undefined, onData: lent => void told.push(lent) })
  reader.read(memory, memory.length)
  assert.equal(String(told), 'abcdef')
  assert.equal(told[0]?.buffer, memory.buffer)
})

test('how long a connection may stay is what its replica says, less a margin, within bounds', () => {
  for (const [fields, keepMs] of [
    [[], 4_000],
    [['keep-alive: timeout=5'], 3_000],
    [['keep-alive: max=100, timeout=30'], 28_000],
    [['keep-alive: timeout=2'], 0],
    [['keep-alive: timeout=0'], 0],
    [['keep-alive: timeout=86400'], 60_000],
    [['keep-alive: timeout=-1'], 4_000],
    [['connection: close'], 0],
    [['connection: x, Close'], 0],
    [['connection: close', 'connection: keep-alive'], 0],
    [['connection: closed'], 4_000],
  ] as const)
    assert.equal(read([head('content-length: 0', ...fields)]).keepMs, keepMs, fields.join())
  assert.equal(
    read(['HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n']).keepMs,
    0,
  )
})
