// Lets the pages of allowed origins send and read (Fetch standard, CORS protocol). Who is allowed is the allow-list's business.
import type { Caller } from '#router/facts.ts'
import { fieldLines } from './answer-head.ts'
import type { HttpCaller } from './http-caller.ts'
import type { RequestHead } from './request-head.ts'

/** What a browser client of either era sends beside the plain headers; `mcp-param-*` names are added as they are asked for. */
const SENT = [
  'accept',
  'authorization',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'traceparent',
  'tracestate',
  'x-ringmain-criticality',
  'x-ringmain-deadline-ms',
]
const READ = 'Mcp-Session-Id, Retry-After, WWW-Authenticate, X-Ringmain-Not-Executed'
const PARAM = /^mcp-param-[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const MOST_NAMES = 64
const PREFLIGHT_SECONDS = '600'

/** Marks the answer as readable by the page that asked. The origin is on the allow-list. */
export function allowReading(origin: string, caller: Pick<HttpCaller, 'moreLines'>): void {
  caller.moreLines = fieldLines({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': READ,
    vary: 'origin',
  })
}

/** The question that a browser asks before it sends. */
export const isPreflight = ({ method, headers }: RequestHead): boolean =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined

export function answerPreflight({ headers }: RequestHead, caller: Caller): void {
  const asked = (headers['access-control-request-headers'] ?? '')
    .toLowerCase()
    .split(',', MOST_NAMES)
    .map(name => name.trim())
  caller.send(204, {
    'access-control-allow-methods': 'POST, GET, DELETE',
    'access-control-allow-headers': [...SENT, ...asked.filter(name => PARAM.test(name))].join(', '),
    'access-control-max-age': PREFLIGHT_SECONDS,
  })
}
