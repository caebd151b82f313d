// What a head may say and another parser would read otherwise. Asked before a byte of the body is read: what is refused here is answered,
// its connection closed, and nothing behind it on that connection is looked at.
import type { RefusalCode } from '#foundation/refusals.ts'
import type { RequestHead } from './request-head.ts'

export interface HttpProblem {
  readonly code: RefusalCode
  readonly says: string
}

/** Headers that decide where a request ends, who sends it, or what is called: one value each, in visible ASCII. */
const SINGLE: Readonly<Record<string, boolean>> = Object.freeze(
  Object.fromEntries(
    (
      'host origin authorization proxy-authorization dpop idempotency-key traceparent last-event-id ' +
      'content-type content-length content-encoding transfer-encoding expect te trailer'
    )
      .split(' ')
      .map(name => [name, true]),
  ),
)
const OURS = 'mcp-'
const MOST_HEADERS = 100
const PARAM = 'mcp-param-'
/** Origin-form (RFC 9112, 3.2.1): one slash, then no second one that a URL parser would take for a host. */
const TARGET = /^\/(?!\/)[!"$-[\]-~]*$/
/** No path here needs one, and a list of paths in front that compares what was sent would be got round by `/%6dcp`. */
const ESCAPED_PATH = /^[^?]*%/
const VISIBLE = /^[ -~]*$/
/** Exact as a number. */
const LENGTH = /^[0-9]{1,15}$/
const BODILESS: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS']
const NAMES_UPGRADE = /(?:^|[,\s])upgrade(?:$|[,\s])/i
const UTF_8 = /^charset=(?:utf-?8|"utf-?8")$/i

/** The first thing that is wrong; undefined when there is nothing. */
export function guardHead(head: RequestHead): HttpProblem | undefined {
  if (head.httpVersion !== '1.1')
    return {
      code: 'RINGMAIN_HTTP_VERSION_REFUSED',
      says: `It was sent as HTTP/${head.httpVersion}. A proxy in front must be told to use 1.1.`,
    }
  if (!TARGET.test(head.url)) return ambiguous('Its target is not a plain path.')
  if (ESCAPED_PATH.test(head.url))
    return ambiguous('Its path holds an escape; send and route on the raw target.')
  return guardHeaders(head) ?? guardFraming(head)
}

function guardHeaders({ headers, fields }: RequestHead): HttpProblem | undefined {
  if (fields.length > 2 * MOST_HEADERS)
    return { code: 'RINGMAIN_TOO_MANY_HEADERS', says: `More than ${MOST_HEADERS}.` }
  if (headers.host === undefined) return ambiguous('It has no Host.')
  let names = 0
  for (const name in headers) {
    names += 1
    if (isSingle(name) && !VISIBLE.test(String(headers[name])))
      return ambiguous(`Its header ${name} is not visible ASCII.`)
  }
  // What came twice is joined; the usual request has nothing of the kind, and nothing with an underscore.
  for (let index = 0; index < fields.length; index += 2)
    if ((fields[index] as string).includes('_')) return guardNames(fields)
  return names * 2 === fields.length ? undefined : guardNames(fields)
}

function guardNames(fields: readonly string[]): HttpProblem | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    const meant = name.replaceAll('_', '-')
    if (!isSingle(meant)) continue
    // A tool may name its parameters so; both spellings at once are what somebody could mix up.
    if (meant !== name && !name.startsWith(PARAM))
      return ambiguous(`Some servers would take its header ${name} for ${meant}.`)
    if (seen.has(meant)) return ambiguous(`Its header ${name} stands twice.`)
    seen.add(meant)
  }
  return undefined
}

function guardFraming({ method, headers }: RequestHead): HttpProblem | undefined {
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return ambiguous('Its transfer coding is not exactly "chunked".')
  const content = headers['content-encoding']
  if (content !== undefined && content.toLowerCase() !== 'identity')
    return {
      code: 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE',
      says: 'A content encoding is not accepted; send the body as it is.',
    }
  if (!isUtf8(headers['content-type']))
    return { code: 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE', says: 'JSON is sent in UTF-8.' }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    return ambiguous('It expects something else than 100-continue.')
  if (headers.upgrade !== undefined && !isOffer(headers.upgrade, headers.connection))
    return ambiguous('It asks to change the protocol.')
  if (method === 'POST' && (headers['content-length'] ?? coding) === undefined)
    return ambiguous('It does not say how long it is.') // whoever waits for a body takes the next request for it
  const length = headers['content-length'] ?? '0'
  if (!LENGTH.test(length)) return ambiguous('Its Content-Length is no number of bytes.')
  if (coding !== undefined && headers['content-length'] !== undefined)
    return ambiguous('It says how long it is, and that its end is told by chunks.')
  if (BODILESS.includes(method) && (coding ?? Number(length)) !== 0)
    return ambiguous(`A ${method} has no body.`)
  return guardConnection(headers.connection)
}

/**
 * HTTP/2 may be offered with a request that is whole in HTTP/1.1, and who does not take the offer answers it as that (RFC 9110, 7.8): the
 * HTTP client of Java does so wherever there is no TLS. It is never taken, and never passed on. The offer is for this hop, and must say so:
 * a proxy in front that hands on the one header without the other would believe in a tunnel that is none.
 */
const isOffer = (upgrade: string, connection = ''): boolean =>
  upgrade.toLowerCase() === 'h2c' && NAMES_UPGRADE.test(connection)

/** One charset at most, and that one: nobody between here and a tool is to read other characters. */
function isUtf8(type: string | undefined): boolean {
  if (type === undefined || type === 'application/json') return true
  const said = type
    .split(';')
    .map(part => part.trim())
    .filter((part, index) => index > 0 && /^charset\b/i.test(part))
  return said.length === 0 || (said.length === 1 && UTF_8.test(said[0] ?? ''))
}

/** What `Connection` names is for this hop only: a proxy in front would have taken it away, so it must not count here (RFC 9110, 7.6.1). */
function guardConnection(connection: string | undefined): HttpProblem | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close')
    return undefined
  for (const part of connection.toLowerCase().split(',')) {
    const name = part.trim()
    if (name === 'tracestate' || (isSingle(name) && name !== 'te'))
      return ambiguous(`Connection names the header ${name}.`)
  }
  return undefined
}

const isSingle = (name: string): boolean => name.startsWith(OURS) || Object.hasOwn(SINGLE, name)

const ambiguous = (says: string): HttpProblem => ({ code: 'RINGMAIN_AMBIGUOUS_REQUEST', says })
