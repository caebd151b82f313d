// What a tool server answers when nothing is wrong, as bytes. The id of the call is put in its place when it is known; the place is
// wide enough for every id of the router, so that lengths stay right.
import { TOKEN } from './seeds.ts'

export const ID_PLACE = '"id-of-the-call-that-is-answered-in-its-own-place"'

const RESULT = `{"content":[{"type":"text","text":"${TOKEN}"}],"big":12345678901234567890,"resultType":"complete"}`
const rpc = (member: string): string => `{"jsonrpc":"2.0","id":${ID_PLACE},${member}}`
const answer = rpc(`"result":${RESULT}`)
const error = rpc(`"error":{"code":-32602,"message":"${TOKEN}","data":{"a":[1,2]}}`)
const progress =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}'
const large = rpc(`"result":{"content":[{"type":"text","text":"${'x'.repeat(40_000)}"}]}`)

/** More than is kept back before it is sent on. */
const huge = large.replace('x', 'x'.repeat(60_000))

const head = (line: string, type: string, lines: readonly string[] = []): string =>
  [`HTTP/1.1 ${line}`, `content-type: ${type}`, ...lines, '', ''].join('\r\n')

const sized = (line: string, body: string): string =>
  head(line, 'application/json', [`content-length: ${Buffer.byteLength(body)}`]) + body

const chunks = (pieces: readonly string[]): string =>
  [...pieces, ''].map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')

const event = (data: string): string => `event: message\nid: 1\ndata: ${data}\n\n`

const chunked = 'transfer-encoding: chunked'

export const answerSeeds: readonly Buffer[] = [
  sized('200 OK', answer),
  sized('200 OK', error),
  sized('200 OK', large),
  sized('200 OK', huge),
  sized('400 Bad Request', error),
  sized('404 Not Found', error),
  head('200 OK', 'application/json', [chunked]) + chunks([answer.slice(0, 40), answer.slice(40)]),
  head('200 OK', 'application/json', ['connection: close']) + answer,
  head('200 OK', 'text/event-stream', [chunked]) +
    chunks([': hello\n\n', event(progress), event(answer)]),
  head('200 OK', 'text/event-stream', ['connection: close']) + event(progress) + event(answer),
  head('200 OK', 'text/event-stream', [chunked]) + chunks([event(large)]),
  head('200 OK', 'text/event-stream', ['connection: close']) + event(progress) + event(huge),
  `HTTP/1.1 100 Continue\r\n\r\n${sized('200 OK', answer)}`,
  head('429 Later', 'text/plain', ['retry-after: 1', 'content-length: 2']) + 'no',
  head('503 No', 'text/html', ['content-length: 2']) + 'no',
].map(text => Buffer.from(text, 'latin1'))
