// Which era a request belongs to, and what it says. The body decides; a header can fail a request, never move it to another era.
import type { IncomingHttpHeaders } from 'node:http'
import type { Arrived, Decoded, Message, Session } from '#router/facts.ts'
import { refuse } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import type { Codec } from './codec.ts'
import { askedCriticality } from './criticality-header.ts'
import type { JsonGuard } from './json-guard.ts'
import { legacyCodec } from './legacy/codec.ts'
import { isRecord, type Read, readMessage } from './message.ts'
import { modernCodec } from './modern/codec.ts'
import { HEADER, isLegacyVersion, isModernVersion, LATEST_LEGACY, META } from './versions.ts'
import { viaOf } from './via.ts'

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/

/** Opens a session id of ours for whoever is at `from`; undefined when no router with this key made it, or it has ended. */
export type OpenSession = (token: string, from: string) => Session | undefined

export const codecOf = (era: Era): Codec => (era === 'modern' ? modernCodec : legacyCodec)

const noMessage = (method: string): Message => ({
  kind: 'notification',
  method,
  idJson: '',
  params: Object.freeze({}),
  meta: Object.freeze({}),
  body: Buffer.alloc(0),
  spans: Object.freeze({}),
})
const DELETE_MESSAGE = Object.freeze(noMessage('DELETE'))
const GET_MESSAGE = Object.freeze(noMessage('GET'))

/** A refusal with as much as was understood by then. */
export type DecodeRefusal = Extract<Read<never>, { kind: 'refuse' }> & {
  readonly era?: Era
  readonly message?: Message
}

export interface DecodePorts {
  readonly guard: JsonGuard
  readonly openSession: OpenSession
  /** By which others know that a message has come through this one. */
  readonly routerId: string
}

export function decodeRequest(
  arrived: Arrived,
  ports: DecodePorts,
): { readonly kind: 'ok'; readonly value: Decoded } | DecodeRefusal {
  if (arrived.verb !== 'POST') return decodeBare(arrived, ports)
  if (!acceptsAnswer(arrived.headers)) return refuse('RINGMAIN_NOT_ACCEPTABLE')
  const message = readMessage(arrived.body, ports.guard)
  if (message.kind === 'refuse') return message
  return decodeMessage(message.value, arrived, ports)
}

/** A legacy caller ends its session, or wants the stream of it: headers say all there is to say. */
function decodeBare(
  arrived: Arrived,
  { openSession, routerId }: DecodePorts,
): ReturnType<typeof decodeRequest> {
  const isDelete = arrived.verb === 'DELETE'
  const token = arrived.headers[HEADER.session]
  if (typeof token !== 'string') return refuse('RINGMAIN_METHOD_NOT_ALLOWED')
  const session = openSession(token, arrived.from)
  if (session?.serverName !== arrived.serverName)
    return { ...refuse('RINGMAIN_SESSION_UNKNOWN'), era: 'legacy' }
  const { version } = session
  const last = arrived.headers[HEADER.lastEvent]
  const way = viaOf(arrived.headers[HEADER.via], routerId)
  if ('code' in way) return { kind: 'refuse', refusal: way, era: 'legacy' }
  return {
    kind: 'ok',
    value: {
      era: 'legacy',
      version,
      message: isDelete ? DELETE_MESSAGE : GET_MESSAGE,
      list: isDelete ? 'close' : 'stream',
      session,
      passedHeaders: [[HEADER.via, way.via]],
      paramHeaders: [],
      ...(typeof last === 'string' && last !== '' && !isDelete ? { lastEventId: last } : {}),
    },
  }
}

function decodeMessage(
  message: Message,
  arrived: Arrived,
  { openSession, routerId }: DecodePorts,
): ReturnType<typeof decodeRequest> {
  const { headers } = arrived
  const token = message.method === 'initialize' ? undefined : headers[HEADER.session]
  const hasModernMeta = META.protocolVersion in message.meta
  const opened =
    !hasModernMeta && typeof token === 'string' ? openSession(token, arrived.from) : undefined
  const session = opened?.serverName === arrived.serverName ? opened : undefined // another server's is none here
  const era = eraOf(message, headers, session !== undefined)
  const { idJson } = message
  if (era === 'legacy' && typeof token === 'string' && session === undefined) {
    return { ...refuse('RINGMAIN_SESSION_UNKNOWN'), era, message, idJson }
  }
  const verdict = codecOf(era).decode(message, heldHeaders(headers, session))
  if (verdict.kind === 'refuse') return { ...verdict, era, message, idJson }
  const criticality = askedCriticality(headers)
  if (typeof criticality === 'object')
    return { kind: 'refuse', refusal: criticality, era, message, idJson }
  const askedMs = askedTime(headers[HEADER.deadline])
  if (askedMs === 'malformed')
    return { ...refuse('RINGMAIN_INVALID_DEADLINE'), era, message, idJson }
  const way = viaOf(headers[HEADER.via], routerId)
  if ('code' in way) return { kind: 'refuse', refusal: way, era, message, idJson }
  return {
    kind: 'ok',
    value: {
      era,
      version: session?.version ?? verdict.value.version,
      message,
      list: verdict.value.list,
      passedHeaders: [...picked(headers, isTrace), [HEADER.via, way.via]],
      paramHeaders: picked(headers, name => name.startsWith(HEADER.paramPrefix)),
      ...(session === undefined ? {} : { session }),
      ...introducedBy(message, session, headers['user-agent']),
      ...(criticality === undefined ? {} : { askedCriticality: criticality }),
      ...(askedMs === undefined ? {} : { askedMs }),
      ...(isSentBefore(headers) ? { isRetry: true as const } : {}),
    },
  }
}

/** In a session once, and with every modern request: some clients say nothing but their `User-Agent`. */
function introducedBy(
  { meta, method, params }: Message,
  session: Session | undefined,
  userAgent: string | undefined,
): Pick<Decoded, 'introduced'> {
  const stated = method === 'initialize' ? params['clientInfo'] : meta[META.clientInfo]
  const said = isRecord(stated) ? stated['name'] : undefined
  const client = session?.client?.info.name ?? said
  if (typeof client !== 'string' && userAgent === undefined) return {}
  return {
    introduced: {
      ...(typeof client === 'string' ? { client } : {}),
      ...(userAgent === undefined ? {} : { userAgent }),
    },
  }
}

const isTrace = (name: string): boolean => name === 'traceparent' || name === 'tracestate'

/** Whatever it says but 1: of two readings the one that sends less is the safe one. */
const isSentBefore = (headers: IncomingHttpHeaders): boolean =>
  (headers[HEADER.attempt] ?? '1') !== '1'

/** Two of them come as one value with a comma in it, and are malformed. */
function askedTime(stated: string | string[] | undefined): number | undefined | 'malformed' {
  if (stated === undefined) return undefined
  return typeof stated === 'string' && /^[0-9]{1,9}$/.test(stated) ? Number(stated) : 'malformed'
}

/** A session is held under its own version, whichever the header names, so long as anybody speaks it: seen in the wild is the modern one. */
function heldHeaders(
  headers: IncomingHttpHeaders,
  session: Session | undefined,
): IncomingHttpHeaders {
  const stated = headers[HEADER.version] ?? LATEST_LEGACY
  if (session === undefined || typeof stated !== 'string') return headers
  return isLegacyVersion(stated) || isModernVersion(stated)
    ? { ...headers, [HEADER.version]: session.version }
    : headers
}

function eraOf(message: Message, headers: IncomingHttpHeaders, hasSession: boolean): Era {
  if (META.protocolVersion in message.meta) return 'modern'
  if (message.method === 'initialize' || hasSession) return 'legacy'
  const stated = headers[HEADER.version]
  const isLater = typeof stated === 'string' && DATE.test(stated) && stated > LATEST_LEGACY
  return isLater ? 'modern' : 'legacy'
}

function picked(
  headers: IncomingHttpHeaders,
  isWanted: (name: string) => boolean,
): ReadonlyArray<readonly [string, string]> {
  const out: Array<readonly [string, string]> = []
  for (const name in headers) {
    const value = headers[name]
    if (isWanted(name) && typeof value === 'string') out.push([name, value])
  }
  return out
}

/** Lenient where the specification asks a client for both types: one that we can answer in is enough. */
function acceptsAnswer(headers: IncomingHttpHeaders): boolean {
  const accept = headers.accept
  if (accept === undefined || accept === '') return true
  return /application\/(?:json|\*)|text\/(?:event-stream|\*)|\*\/\*/i.test(accept)
}
