// The head of a request as bytes have brought it (RFC 9112, 3 and 5), before anybody decides on it.
import type { IncomingHttpHeaders } from 'node:http'
import { type Fields, fieldsOf } from '#router/http1/fields.ts'
import { malformed } from '#router/http1/malformed.ts'

export interface RequestHead {
  readonly method: string
  /** The target as it was sent. */
  readonly url: string
  /** Such as `1.1`. */
  readonly httpVersion: string
  /** By names in lower case; what came twice is joined by a comma. */
  readonly headers: IncomingHttpHeaders
  /** Flat name, value list: all of them, in their order. */
  readonly fields: Fields
}

const METHODS: readonly string[] = [
  'POST',
  'GET',
  'DELETE',
  'OPTIONS',
  'HEAD',
  'PUT',
  'PATCH',
  'QUERY',
  'CONNECT',
]
/** One space, and not several: others might read other words. */
const REQUEST_LINE = /^([A-Z]+) ([^ \r]+) HTTP\/([0-9]\.[0-9])\r\n/

/** Without a prototype: a header may be called anything. Made by a constructor, since one that `Object.create` makes is slow to read. */
function Headers(this: object): void {}
Headers.prototype = Object.create(null)
const NoHeaders = Headers as unknown as new () => Record<string, string>

/** `text`: a whole block of lines. Throws `Malformed`. */
export function requestHeadOf(text: string): RequestHead {
  const line = REQUEST_LINE.exec(text)
  if (line === null) throw malformed('the request line is none of HTTP/1')
  const [whole, method = '', url = '', httpVersion = ''] = line
  if (!METHODS.includes(method)) throw malformed('its method is none that is known')
  const fields = fieldsOf(text, whole.length)
  return { method, url, httpVersion, headers: headersOf(fields), fields }
}

function headersOf(fields: Fields): IncomingHttpHeaders {
  const headers = new NoHeaders()
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  return headers
}

/** How long the body is in bytes; 0 where there is none. Of a head that the guard has let through. */
export const lengthOf = ({ headers }: Pick<RequestHead, 'headers'>): number | 'chunked' =>
  headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : 'chunked'
