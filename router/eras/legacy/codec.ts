// The legacy era (2025-03-26 to 2025-11-25): sessions, `initialize`, ids that live as long as the session.
import type { IncomingHttpHeaders } from 'node:http'
import type { ListName, Message } from '#router/facts.ts'
import { isLaterRound, methodOf } from '#router/methods.ts'
import { refuse } from '#router/pipeline/stage.ts'
import { withAnswers } from '../bridge/rounds.ts'
import { withoutEnvelope } from '../bridge/upward.ts'
import { changed } from '../changed-body.ts'
import {
  type Codec,
  JSON_HEADERS,
  rpcError,
  rpcResult,
  type Upgoing,
  type UpstreamRequest,
  type Upward,
} from '../codec.ts'
import type { Read } from '../message.ts'
import {
  ASSUMED_LEGACY,
  HEADER,
  isLegacyVersion,
  LATEST_LEGACY,
  LEGACY_VERSIONS,
} from '../versions.ts'
import { legacyRefusal } from './refuse.ts'

export const legacyCodec: Codec = {
  era: 'legacy',
  decode,
  upward,
  // Callers reuse ids, and servers look a request up by session and id: the router's own never meet.
  upstreamIdJson: (_message, nextId) => String(nextId()),
  result: (idJson, resultJson) => ({
    status: 200,
    headers: JSON_HEADERS,
    body: rpcResult(idJson, resultJson),
  }),
  error: (idJson, errorJson) => ({
    status: 200,
    headers: JSON_HEADERS,
    body: rpcError(idJson, errorJson),
  }),
  refusal: legacyRefusal,
}

function decode(
  message: Message,
  headers: IncomingHttpHeaders,
): Read<{ version: string; list: ListName }> {
  const stated = headers[HEADER.version]
  const version = typeof stated === 'string' ? stated : ASSUMED_LEGACY
  if (message.kind === 'request' && message.method === 'initialize')
    return { kind: 'ok', value: { version: negotiate(message), list: 'handshake' } }
  if (!isLegacyVersion(version)) {
    return refuse('RINGMAIN_UNSUPPORTED_VERSION', {
      says: `Supported without per-request metadata: ${LEGACY_VERSIONS.join(', ')}.`,
    })
  }
  if (message.kind !== 'request') return { kind: 'ok', value: { version, list: 'notice' } }
  const method = methodOf('legacy', message.method)
  if (method === undefined) return refuse('RINGMAIN_UNKNOWN_METHOD')
  const { list, subject } = method
  if (subject !== undefined && subject.in(message.params) === undefined)
    return refuse('RINGMAIN_INVALID_PARAMS', { says: subject.expects })
  return { kind: 'ok', value: { version, list } }
}

/** The caller's version when the router speaks it, else the router's latest (2025-11-25, lifecycle, Version Negotiation). */
function negotiate(message: Message): string {
  const asked = message.params['protocolVersion']
  return typeof asked === 'string' && isLegacyVersion(asked) ? asked : LATEST_LEGACY
}

function upward(call: Upgoing, to: Upward): UpstreamRequest {
  const isModern = call.era === 'modern'
  // Of rounds it knows nothing: it is sent the call as it was at first.
  const isLater = isModern && isLaterRound(call.message.params)
  const message = isLater ? withAnswers(call.message, [], undefined) : call.message
  const headers = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
  ]
  if (to.version !== ASSUMED_LEGACY) headers.push(HEADER.version, to.version) // 2025-03-26 does not know the header
  if (to.sessionId !== undefined) headers.push(HEADER.session, to.sessionId)
  headers.push(HEADER.deadline, String(to.leftMs))
  for (const [name, value] of call.passedHeaders) headers.push(name, value) // `Mcp-*` of this era means nothing
  const changes = isModern ? withoutEnvelope(message) : []
  return { headers, body: changed(message, to, changes) }
}
