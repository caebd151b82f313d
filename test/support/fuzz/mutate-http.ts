// Changes that know where a head ends: lines, lengths, chunks, and the JSON of the body. Requests and answers alike.
import type { Dice } from './dice.ts'
import type { Change } from './mutate-bytes.ts'

const LINE_END = '\r\n'
const ODD_INTEGERS =
  '0 -0 -1 +1 1 00 1e2 0x10 1.0 255 256 65535 65536 4194304 4194305 2147483647 2147483648 4294967295 4294967296 9007199254740993 18446744073709551616 99999999999999999999999999'.split(
    ' ',
  )
const ODD_JSON = [
  ...ODD_INTEGERS,
  ...'1e400 -1e400 1e-400 NaN null true [] {} "" [[]] {"a":{}} {"__proto__":{"x":1}} "\\ud800" "\\u0000" "\\x" \'a\' // /**/ ,'.split(
    ' ',
  ),
  '"id"',
  '"__proto__"',
  '"constructor"',
  '"Method"',
  '"n\\u0061me"',
  `"${'k'.repeat(300)}"`,
  '['.repeat(70) + ']'.repeat(70),
  '{"a":'.repeat(70),
  `[${'0,'.repeat(2_000)}0]`,
]
const ODD_LINES = [
  'Host: evil.test',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Content-Length: 5',
  'Content-Encoding: gzip',
  'Connection: close',
  'Connection: mcp-name, host',
  'Connection: Upgrade',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Mcp_Name: raw',
  'Mcp-Name: =?base64?cmF3?=',
  'Mcp-Method: tools/list',
  'Mcp-Session-Id: x',
  'Mcp-Param-X: 1',
  'MCP-Protocol-Version: 2025-06-18',
  'Origin: null',
  'Accept: */*;q=0',
  'Content-Type: application/json; charset=utf-16',
  'Trailer: x',
  'TE: trailers',
  'Last-Event-ID: 1',
  '__proto__: x',
  ': x',
  ' folded',
  'X: \x80\xff',
  'X: \0',
  `X: ${'y'.repeat(17_000)}`,
  'X',
  'Retry-After: -1',
  'Location: http://127.0.0.1:1/',
  'Keep-Alive: timeout=0',
]
const ODD_STARTS = [
  'HEAD /mcp HTTP/1.1',
  'PUT /mcp HTTP/1.1',
  'TRACE /mcp HTTP/1.1',
  'CONNECT a:1 HTTP/1.1',
  'PRI * HTTP/2.0',
  'POST /mcp HTTP/1.0',
  'POST //mcp HTTP/1.1',
  'POST http://a/mcp HTTP/1.1',
  'POST /mcp%00 HTTP/1.1',
  'POST /mcp/%ff HTTP/1.1',
  'POST /mcp/../livez HTTP/1.1',
  'POST /mcp\x80 HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'GET /mcp',
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 307 Elsewhere',
  'HTTP/1.1 429 Later',
  'HTTP/1.1 500 No',
  'HTTP/1.1 999 ?',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 200',
  'ICY 200 OK',
]

interface Parts {
  readonly lines: readonly string[]
  readonly body: Buffer
}

function partsOf(bytes: Buffer): Parts {
  const end = bytes.indexOf(LINE_END + LINE_END)
  if (end === -1) return { lines: bytes.toString('latin1').split(LINE_END), body: Buffer.alloc(0) }
  const lines = bytes.toString('latin1', 0, end).split(LINE_END)
  return { lines, body: bytes.subarray(end + 4) }
}

const joined = ({ lines, body }: Parts, lineEnd = LINE_END): Buffer =>
  Buffer.concat([Buffer.from(lines.join(lineEnd) + lineEnd + lineEnd, 'latin1'), body])

const withLines =
  (work: (lines: readonly string[], dice: Dice) => readonly string[]): Change =>
  (bytes, dice) => {
    const { lines, body } = partsOf(bytes)
    return joined({ lines: work(lines, dice), body })
  }

const changeFirst = withLines((lines, dice) => [dice.pick(ODD_STARTS), ...lines.slice(1)])
const addLine = withLines((lines, dice) =>
  lines.toSpliced(1 + dice.below(lines.length), 0, dice.pick(ODD_LINES)),
)
const repeatLine = withLines((lines, dice) =>
  lines.toSpliced(1 + dice.below(lines.length), 0, dice.pick(lines)),
)
const dropLine = withLines((lines, dice) => lines.toSpliced(dice.below(lines.length), 1))
const swapLines = withLines((lines, dice) => {
  const from = dice.below(lines.length)
  const to = dice.below(lines.length)
  return lines.with(from, lines[to] as string).with(to, lines[from] as string)
})
const renameLine = withLines((lines, dice) => {
  const index = dice.below(lines.length)
  const line = lines[index] as string
  const forms = [line.toUpperCase(), line.replace('-', '_'), line.replace(':', ' :'), ` ${line}`]
  return lines.with(index, dice.pick(forms))
})
const odderInteger = withLines((lines, dice) => {
  const places = lines.flatMap((line, index) => (/[0-9]/.test(line) ? [index] : []))
  const index = places.length === 0 ? 0 : dice.pick(places)
  return lines.with(index, (lines[index] as string).replace(/[0-9]+/, dice.pick(ODD_INTEGERS)))
})
const otherLineEnds: Change = (bytes, dice) =>
  joined(partsOf(bytes), dice.pick(['\n', '\r', '\n\r', '\r\n\r\n', ' \r\n']))

/** The length that the body has now. */
const mendLength: Change = bytes => {
  const { lines, body } = partsOf(bytes)
  return joined({
    body,
    lines: lines.map(line =>
      /^content-length:/i.test(line) ? `content-length: ${body.length}` : line,
    ),
  })
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[{}[\],:]/g

const changeJson: Change = (bytes, dice) => {
  const { lines, body } = partsOf(bytes)
  const text = body.toString('latin1')
  const tokens = [...text.matchAll(TOKENS)]
  if (tokens.length === 0) return bytes
  const { index, 0: token } = dice.pick(tokens)
  const by = dice.pick([
    () => Buffer.from(dice.pick(ODD_JSON)).toString('latin1'),
    () => dice.pick(tokens)[0],
    () => `${token}${dice.pick(tokens)[0]}`,
    () => `${token},"${dice.pick(['id', 'method', 'name', 'x'])}":${dice.pick(ODD_JSON)}`,
    () => '',
  ])()
  const changed = text.slice(0, index) + by + text.slice(index + token.length)
  return joined({ lines, body: Buffer.from(changed, 'latin1') })
}

/** In chunks, right or with a size, an extension, a trailer or an end that is not. */
const chunk: Change = (bytes, dice) => {
  const { lines, body } = partsOf(bytes)
  const isRight = dice.isLucky(0.5)
  const parts: Buffer[] = []
  for (let from = 0; from < body.length; ) {
    const piece = body.subarray(from, from + 1 + dice.below(200))
    const size = piece.length.toString(16)
    const odd = [
      `0${size}`,
      `${size};a=b`,
      `${size} `,
      `0x${size}`,
      `-${size}`,
      'ffffffff',
      '',
      '0',
    ]
    const told = isRight || dice.isLucky(0.7) ? size : dice.pick(odd)
    parts.push(Buffer.from(`${told}\r\n`), piece, Buffer.from('\r\n'))
    from += piece.length
  }
  const ends = ['0\r\n\r\n', '0\r\nX: y\r\n\r\n', '0\r\n', '0\r\nContent-Length: 9\r\n\r\n', '']
  parts.push(Buffer.from(isRight ? '0\r\n\r\n' : dice.pick(ends)))
  const kept = lines.filter(line => !/^(content-length|transfer-encoding):/i.test(line))
  return joined({ lines: [...kept, 'transfer-encoding: chunked'], body: Buffer.concat(parts) })
}

const changeBody =
  (change: Change): Change =>
  (bytes, dice) => {
    const { lines, body } = partsOf(bytes)
    return body.length === 0 ? bytes : joined({ lines, body: change(body, dice) })
  }

export const headChanges: readonly Change[] = [
  changeFirst,
  addLine,
  repeatLine,
  dropLine,
  swapLines,
  renameLine,
  odderInteger,
  otherLineEnds,
]

export const bodyChanges = (byteChanges: readonly Change[]): readonly Change[] => [
  changeJson,
  changeJson,
  (bytes, dice) => mendLength(changeJson(bytes, dice), dice),
  (bytes, dice) => mendLength(changeJson(changeJson(bytes, dice), dice), dice),
  (bytes, dice) => mendLength(changeBody(dice.pick(byteChanges))(bytes, dice), dice),
  (bytes, dice) => mendLength(changeBody(dice.pick(byteChanges))(bytes, dice), dice),
  chunk,
]
