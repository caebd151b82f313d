// Reads the bytes of a connection as HTTP/1.1 answers and as nothing else: one thing that is not in RFC 9112 is a finding.
// It knows only the bytes, so an answer to HEAD is told from a broken one by what follows it.

export interface HttpAnswer {
  readonly status: number
  /** By lower-case name; what stood twice is joined. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface HttpRead {
  readonly answers: readonly HttpAnswer[]
  /** The bytes end within an answer. */
  readonly isCut: boolean
  /** What is no HTTP. */
  readonly problem?: string
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5][0-9]{2}) [\t\x20-\x7e]*$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/
const CHUNK = /^[0-9A-Fa-f]{1,8}$/
const HEAD_LIMIT = 65_536

class NotHttp extends Error {}
class Unfinished extends Error {}

/** `mayLackBodies`: HEAD was among the requests. `isClosed`: nothing more will come. */
export function readAnswers(
  bytes: Buffer,
  { mayLackBodies, isClosed }: { readonly mayLackBodies: boolean; readonly isClosed: boolean },
): HttpRead {
  const answers: HttpAnswer[] = []
  let at = 0
  try {
    while (at < bytes.length) {
      const { answer, end } = readOne(bytes, at, { mayLackBodies, isClosed })
      at = end
      if (answer.status >= 200) answers.push(answer)
    }
    return { answers, isCut: false }
  } catch (error) {
    if (error instanceof Unfinished) return { answers, isCut: true }
    if (error instanceof NotHttp) return { answers, isCut: false, problem: error.message }
    throw error
  }
}

interface Reading {
  readonly mayLackBodies: boolean
  readonly isClosed: boolean
}

function readOne(
  bytes: Buffer,
  start: number,
  reading: Reading,
): { readonly answer: HttpAnswer; readonly end: number } {
  const stop = bytes.indexOf('\r\n\r\n', start)
  if (stop === -1) {
    if (bytes.length - start > HEAD_LIMIT) throw new NotHttp('a head without an end')
    const begun = bytes.toString('latin1', start, Math.min(start + 9, bytes.length))
    if (!'HTTP/1.1 '.startsWith(begun)) throw new NotHttp(`it begins with ${shown(begun)}`)
    throw new Unfinished()
  }
  const [first = '', ...lines] = bytes.toString('latin1', start, stop).split('\r\n')
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? NaN)
  if (Number.isNaN(status)) throw new NotHttp(`no status line: ${shown(first)}`)
  const headers = readFields(lines)
  const { body, end } = readBody(bytes, stop + 4, { status, headers, ...reading })
  return { answer: { status, headers, body }, end }
}

function readFields(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined) throw new NotHttp(`no header: ${shown(line)}`)
    const key = name.toLowerCase()
    const before = headers.get(key)
    if (before !== undefined && (key === 'content-length' || key === 'transfer-encoding'))
      throw new NotHttp(`${key} stands twice`)
    headers.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

interface Framed extends Reading {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

function readBody(
  bytes: Buffer,
  start: number,
  { status, headers, mayLackBodies, isClosed }: Framed,
): { readonly body: Buffer; readonly end: number } {
  const none = { body: Buffer.alloc(0), end: start }
  const length = headers.get('content-length')
  const coding = headers.get('transfer-encoding')
  if (length !== undefined && coding !== undefined) throw new NotHttp('a length and a coding')
  if (status < 200 || status === 204 || status === 304) return none
  const isNext =
    start === bytes.length || bytes.toString('latin1', start, start + 9) === 'HTTP/1.1 '
  if (mayLackBodies && isNext) return none
  if (coding !== undefined) {
    if (coding !== 'chunked') throw new NotHttp(`transfer coding ${shown(coding)}`)
    return readChunks(bytes, start)
  }
  if (length === undefined) {
    if (!isClosed) throw new Unfinished()
    return { body: bytes.subarray(start), end: bytes.length }
  }
  if (!/^[0-9]{1,19}$/.test(length)) throw new NotHttp(`length ${shown(length)}`)
  const end = start + Number(length)
  if (end > bytes.length) throw new Unfinished()
  return { body: bytes.subarray(start, end), end }
}

function readChunks(bytes: Buffer, start: number): { readonly body: Buffer; readonly end: number } {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const stop = bytes.indexOf('\r\n', at)
    if (stop === -1) throw new Unfinished()
    const size = bytes.toString('latin1', at, stop)
    if (!CHUNK.test(size)) throw new NotHttp(`chunk size ${shown(size)}`)
    const from = stop + 2
    const to = from + Number.parseInt(size, 16)
    if (to + 2 > bytes.length) throw new Unfinished()
    if (bytes[to] !== 13 || bytes[to + 1] !== 10) throw new NotHttp('a chunk ends elsewhere')
    if (to === from) return { body: Buffer.concat(parts), end: to + 2 }
    parts.push(bytes.subarray(from, to))
    at = to + 2
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 80))
