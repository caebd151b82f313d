// Reads what a caller sent as HTTP/1.1 requests, by the strictest reading there is: so many of them must be answered. What is left
// has no end, or is no request to every reader.

export interface SentRequest {
  readonly verb: string
  readonly target: string
  readonly body: string
}

export interface SentBytes {
  readonly requests: readonly SentRequest[]
  /** Bytes behind the last whole request. */
  readonly rest: string
}

const REQUEST_LINE = /^(POST|GET|DELETE|OPTIONS|HEAD|PUT|PATCH|TRACE) (\/[!-~]*) HTTP\/1\.1$/
const FIELD = /^([!#$%&'*+.^`|~0-9A-Za-z-]+):[\t ]*([\t -~]*?)[\t ]*$/
const NO_BODY = ['GET', 'DELETE', 'OPTIONS', 'HEAD']

/** `text`: one letter a byte. */
export function readRequests(text: string): SentBytes {
  const requests: SentRequest[] = []
  let rest = text
  for (;;) {
    rest = rest.replace(/^(?:\r\n){1,4}/, '') // a few empty lines before a request are none (RFC 9112, 2.2)
    const found = firstOf(rest)
    if (found === undefined) return { requests, rest }
    requests.push(found.request)
    rest = rest.slice(found.end)
  }
}

function firstOf(
  text: string,
): { readonly request: SentRequest; readonly end: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const [, verb, target] = REQUEST_LINE.exec(line) ?? []
  if (verb === undefined || target === undefined) return undefined
  const fields = fieldsOf(lines)
  if (fields === undefined) return undefined
  const { length = '0', coding } = fields
  const from = headEnd + 4
  if (NO_BODY.includes(verb) && (coding ?? length) !== '0') return undefined
  if (coding !== undefined) {
    const chunked = chunksOf(text, from)
    return chunked && { request: { verb, target, body: chunked.body }, end: chunked.end }
  }
  const end = from + Number(length)
  if (end > text.length) return undefined
  return { request: { verb, target, body: text.slice(from, end) }, end }
}

/** What frames a body; undefined when a header is none, or when they leave room for two readings. */
function fieldsOf(
  lines: readonly string[],
): { readonly length?: string; readonly coding?: string } | undefined {
  const found: { length?: string; coding?: string } = {}
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined) return undefined
    const key = { 'content-length': 'length', 'transfer-encoding': 'coding' }[name.toLowerCase()]
    if (key !== 'length' && key !== 'coding') continue
    if (found[key] !== undefined) return undefined
    found[key] = value
  }
  const { length, coding } = found
  if (length !== undefined && (coding !== undefined || !/^[0-9]{1,9}$/.test(length)))
    return undefined
  return coding === undefined || coding === 'chunked' ? found : undefined
}

/** Undefined when a chunk is none, or has not all come. */
function chunksOf(
  text: string,
  from: number,
): { readonly body: string; readonly end: number } | undefined {
  let body = ''
  for (let at = from; ; ) {
    const [line, size] = /^([0-9A-Fa-f]{1,7})\r\n/.exec(text.slice(at, at + 9)) ?? []
    if (line === undefined || size === undefined) return undefined
    const [start, length] = [at + line.length, Number.parseInt(size, 16)]
    if (length === 0) return text.startsWith('\r\n', start) ? { body, end: start + 2 } : undefined
    if (!text.startsWith('\r\n', start + length)) return undefined
    body += text.slice(start, start + length)
    at = start + length + 2
  }
}
