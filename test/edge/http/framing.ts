// Where a request ends: lengths, transfer codings, chunks, line ends.
import { chunked, hiddenIn, LINE, type Payload, payload, type Verdict } from './payload.ts'

const LENGTHS: ReadonlyArray<
  readonly [string, (length: number) => string, 'none' | 'good' | 'bad']
> = [
  ['none', () => '', 'none'],
  ['right', length => `Content-Length: ${length}\r\n`, 'good'],
  ['with zeros', length => `Content-Length: 00${length}\r\n`, 'good'],
  ['in odd case', length => `cONTENT-lENGTH:${length}\r\n`, 'good'],
  ['twice', length => `Content-Length: ${length}\r\nContent-Length: ${length}\r\n`, 'bad'],
  ['two of them', length => `Content-Length: ${length}\r\nContent-Length: 0\r\n`, 'bad'],
  ['a list', length => `Content-Length: ${length}, ${length}\r\n`, 'bad'],
  ['with a sign', length => `Content-Length: +${length}\r\n`, 'bad'],
  ['negative', () => 'Content-Length: -1\r\n', 'bad'],
  ['hexadecimal', length => `Content-Length: 0x${length.toString(16)}\r\n`, 'bad'],
  ['a fraction', length => `Content-Length: ${length}.0\r\n`, 'bad'],
  ['an exponent', () => 'Content-Length: 1e2\r\n', 'bad'],
  ['empty', () => 'Content-Length:\r\n', 'bad'],
  ['too large to count', () => 'Content-Length: 99999999999999999999\r\n', 'bad'],
  ['with a space inside', () => 'Content-Length: 1 0\r\n', 'bad'],
]

const CODINGS: ReadonlyArray<readonly [string, string, 'none' | 'good' | 'bad']> = [
  ['none', '', 'none'],
  ['chunked', 'Transfer-Encoding: chunked\r\n', 'good'],
  ['Chunked', 'transfer-encoding:  Chunked \r\n', 'good'],
  ['unknown', 'Transfer-Encoding: xchunked\r\n', 'bad'],
  ['chunked then identity', 'Transfer-Encoding: chunked, identity\r\n', 'bad'],
  ['identity then chunked', 'Transfer-Encoding: identity, chunked\r\n', 'bad'],
  ['gzip then chunked', 'Transfer-Encoding: gzip, chunked\r\n', 'bad'],
  ['chunked twice', 'Transfer-Encoding: chunked, chunked\r\n', 'bad'],
  ['two headers', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'bad'],
  ['identity', 'Transfer-Encoding: identity\r\n', 'bad'],
  ['with a parameter', 'Transfer-Encoding: chunked;q=1\r\n', 'bad'],
  ['in quotes', 'Transfer-Encoding: "chunked"\r\n', 'bad'],
  ['behind a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', 'bad'],
  ['a space before the colon', 'Transfer-Encoding : chunked\r\n', 'bad'],
  ['a tab before the colon', 'Transfer-Encoding\t: chunked\r\n', 'bad'],
  ['behind a fold', 'Transfer-Encoding:\r\n chunked\r\n', 'bad'],
  ['with an underscore', 'Transfer_Encoding: chunked\r\n', 'bad'],
  ['behind a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\n', 'bad'],
  ['behind a bare carriage return', 'X: y\rTransfer-Encoding: chunked\r\n', 'bad'],
]

/** Every length with every coding: only one way to tell the end, written as it should be, is taken. */
function lengthsAndCodings(): Payload[] {
  const all: Payload[] = []
  for (const [length, lengthLine, lengthKind] of LENGTHS) {
    for (const [coding, codingLine, codingKind] of CODINGS) {
      const isClear =
        (lengthKind === 'good' && codingKind === 'none') ||
        (lengthKind === 'none' && codingKind === 'good')
      const framed = (body: string): string =>
        `${lengthLine(body.length)}${codingLine}\r\n${codingKind === 'none' ? body : chunked(body)}`
      const verdict = isClear ? 'accept' : 'ambiguous'
      all.push(
        payload('length and coding', verdict, `length ${length}, coding ${coding}`, { framed }),
      )
    }
  }
  return all
}

const whole = (body: string): string => body.length.toString(16)
const CHUNKS: ReadonlyArray<readonly [string, Verdict, (body: string) => string]> = [
  ['upper case', 'accept', body => `${whole(body).toUpperCase()}\r\n${body}\r\n0\r\n\r\n`],
  ['leading zeros', 'accept', body => `000${whole(body)}\r\n${body}\r\n000\r\n\r\n`],
  ['an extension', 'accept', body => `${whole(body)};a=b\r\n${body}\r\n0;c\r\n\r\n`],
  ['a quoted extension', 'accept', body => `${whole(body)};a="b"\r\n${body}\r\n0\r\n\r\n`],
  [
    'one byte each',
    'accept',
    body => `${body.replaceAll(/[^]/g, byte => `1\r\n${byte}\r\n`)}0\r\n\r\n`,
  ],
  ['a trailer', 'accept', body => `${whole(body)}\r\n${body}\r\n0\r\nX-Sum: 1\r\n\r\n`],
  [
    'a trailer that names another tool',
    'accept',
    body => `${whole(body)}\r\n${body}\r\n0\r\nMcp-Name: other\r\n\r\n`,
  ],
  [
    'a length as trailer',
    'ambiguous',
    body => `${whole(body)}\r\n${body}\r\n0\r\nContent-Length: 5\r\n\r\n`,
  ],
  [
    'a coding as trailer',
    'ambiguous',
    body => `${whole(body)}\r\n${body}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  ['0x before the size', 'ambiguous', body => `0x${whole(body)}\r\n${body}\r\n0\r\n\r\n`],
  ['a sign', 'ambiguous', body => `+${whole(body)}\r\n${body}\r\n0\r\n\r\n`],
  ['a minus', 'ambiguous', body => `-${whole(body)}\r\n${body}\r\n0\r\n\r\n`],
  ['a space before', 'ambiguous', body => ` ${whole(body)}\r\n${body}\r\n0\r\n\r\n`],
  ['a space after', 'ambiguous', body => `${whole(body)} \r\n${body}\r\n0\r\n\r\n`],
  ['an underscore', 'ambiguous', body => `0_${whole(body)}\r\n${body}\r\n0\r\n\r\n`],
  ['no size', 'ambiguous', body => `\r\n${body}\r\n0\r\n\r\n`],
  [
    'a size past 64 bits',
    'ambiguous',
    body => `10000000000000000${whole(body)}\r\n${body}\r\n0\r\n\r\n`,
  ],
  ['a line feed after the size', 'ambiguous', body => `${whole(body)}\n${body}\r\n0\r\n\r\n`],
  ['a carriage return after the size', 'ambiguous', body => `${whole(body)}\r${body}\r\n0\r\n\r\n`],
  ['a line feed in the extension', 'ambiguous', body => `${whole(body)};\n${body}\r\n0\r\n\r\n`],
  ['a line feed after the data', 'ambiguous', body => `${whole(body)}\r\n${body}\n0\r\n\r\n`],
  ['nothing after the data', 'ambiguous', body => `${whole(body)}\r\n${body}0\r\n\r\n`],
  ['two bytes after the data', 'ambiguous', body => `${whole(body)}\r\n${body}XX0\r\n\r\n`],
  [
    'less data than said',
    'ambiguous',
    body => `${(body.length + 8).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
  [
    'more data than said',
    'ambiguous',
    body => `${(body.length - 8).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
  ['a line feed at the end', 'ambiguous', body => `${whole(body)}\r\n${body}\r\n0\n\n`],
  ['letters that are no digits', 'ambiguous', body => `zz\r\n${body}\r\n0\r\n\r\n`],
]

const chunks = (): Payload[] =>
  CHUNKS.map(([what, verdict, framed]) =>
    payload('chunks', verdict, what, {
      framed: body => `Transfer-Encoding: chunked\r\n\r\n${framed(body)}`,
    }),
  )

/** Lines put between the usual headers and the framing. */
const LINES: ReadonlyArray<readonly [string, Verdict, string]> = [
  ['a value behind white space', 'accept', 'X-Own: \t a \t \r\n'],
  ['an empty value', 'accept', 'X-Own:\r\n'],
  ['a value of Latin-1', 'accept', 'X-Own: caf\xe9\r\n'],
  ['a name of every token character', 'accept', "!#$%&'*+-.^`|~09azAZ: 1\r\n"],
  ['a fold', 'ambiguous', 'X-Own: a\r\n b\r\n'],
  ['a fold by a tab', 'ambiguous', 'X-Own: a\r\n\tb\r\n'],
  ['a bare line feed', 'ambiguous', 'X-Own: a\nX-Other: b\r\n'],
  ['a bare carriage return', 'ambiguous', 'X-Own: a\rX-Other: b\r\n'],
  ['two carriage returns', 'ambiguous', 'X-Own: a\r\r\n'],
  ['a NUL in a value', 'ambiguous', 'X-Own: a\0b\r\n'],
  ['a NUL in a name', 'ambiguous', 'X-O\0wn: a\r\n'],
  ['no colon', 'ambiguous', 'X-Own\r\n'],
  ['no name', 'ambiguous', ': a\r\n'],
  ['a space in a name', 'ambiguous', 'X Own: a\r\n'],
  ['a space before the colon', 'ambiguous', 'X-Own : a\r\n'],
  ['a space before the name', 'ambiguous', ' X-Own: a\r\n'],
  ['a name of Latin-1', 'ambiguous', 'X-\xe9: a\r\n'],
  ['a colon before the name', 'ambiguous', ':X-Own: a\r\n'],
  ['an escape in a value', 'ambiguous', 'X-Own: \x1b[31m\r\n'],
  ['a delete in a value', 'ambiguous', 'X-Own: a\x7fb\r\n'],
  ['more headers than are taken', 'ambiguous', 'X-Own: a\r\n'.repeat(150)],
  ['a header longer than is taken', 'ambiguous', `X-Own: ${'a'.repeat(17_000)}\r\n`],
]

const lines = (): Payload[] =>
  LINES.map(([what, verdict, line]) => payload('lines', verdict, what, { lines: line }))

/** Before the request line, and instead of line ends. */
const starts = (): Payload[] => [
  payload('starts', 'accept', 'an empty line', { line: `\r\n${LINE}` }),
  payload('starts', 'ambiguous', 'a space', { line: ` ${LINE}` }),
  payload('starts', 'ambiguous', 'a NUL', { line: `\0${LINE}` }),
  payload('starts', 'ambiguous', 'a byte order mark', { line: `\xef\xbb\xbf${LINE}` }),
  payload('starts', 'ambiguous', 'a line feed after the request line', { line: `${LINE}\nX: y` }),
  payload('starts', 'ambiguous', 'a body shorter than its length', {
    framed: body => `Content-Length: ${body.length + 500}\r\n\r\n${body}`,
  }),
  payload(
    'starts',
    'ambiguous',
    'a length and a coding, and a request behind what ends by the coding',
    {
      framed: body =>
        `Content-Length: ${5 + hiddenIn(body).length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hiddenIn(body)}`,
    },
  ),
  payload('starts', 'ambiguous', 'a coding that is not understood, and a request as its body', {
    framed: body =>
      `Content-Length: ${hiddenIn(body).length}\r\nTransfer-Encoding: xchunked\r\n\r\n${hiddenIn(body)}`,
  }),
  payload('starts', 'ambiguous', 'a request behind a chunk that says it is longer', {
    framed: body =>
      `Transfer-Encoding: chunked\r\n\r\n${(hiddenIn(body).length + 100).toString(16)};\n0\r\n\r\n${hiddenIn(body)}`,
  }),
  payload('starts', 'ambiguous', 'a body longer than its length', {
    framed: body => `Content-Length: ${body.length - 1}\r\n\r\n${body}`,
  }),
  payload('starts', 'ambiguous', 'a request inside a body without length', {
    framed: body => `\r\n${hiddenIn(body)}`,
  }),
]

export const framing = (): Payload[] => [
  ...lengthsAndCodings(),
  ...chunks(),
  ...lines(),
  ...starts(),
]
