// The requests of the router's own: discovery, handshake, ping, lists. Everything it says in its own name is written here.
import { ASSUMED_LEGACY, HEADER, LATEST_MODERN, META } from '#router/eras/versions.ts'
import type { Outgoing } from './send.ts'

export interface Question {
  readonly idJson: string
  readonly outgoing: Outgoing
}

export interface Times {
  readonly firstByteMs: number
  readonly idleMs: number
}

export interface ClientInfo {
  readonly name: string
  readonly version: string
}

const COMMON = [
  'content-type',
  'application/json',
  'accept',
  'application/json, text/event-stream',
] as const

const post = (path: string, headers: readonly string[], body: unknown, times: Times): Outgoing => ({
  method: 'POST',
  path,
  headers: [...COMMON, ...headers],
  body: Buffer.from(JSON.stringify(body)),
  ...times,
})

export function modernQuestion(
  path: string,
  ask: {
    readonly id: number
    readonly method: string
    readonly params?: Record<string, unknown>
    readonly client: unknown
    readonly capabilities?: unknown
  },
  times: Times,
): Question {
  const meta = {
    [META.protocolVersion]: LATEST_MODERN,
    [META.clientInfo]: ask.client,
    [META.clientCapabilities]: ask.capabilities ?? {},
  }
  const body = {
    jsonrpc: '2.0',
    id: ask.id,
    method: ask.method,
    params: { ...ask.params, _meta: meta },
  }
  return {
    idJson: String(ask.id),
    outgoing: post(path, [HEADER.version, LATEST_MODERN, HEADER.method, ask.method], body, times),
  }
}

/** Names the session and the revision that a legacy exchange is held under. */
export interface LegacyContext {
  readonly version: string
  readonly sessionId?: string
}

function legacyHeaders(context: LegacyContext): string[] {
  const headers: string[] = []
  if (context.version !== ASSUMED_LEGACY) headers.push(HEADER.version, context.version)
  if (context.sessionId !== undefined) headers.push(HEADER.session, context.sessionId)
  return headers
}

export function legacyQuestion(
  path: string,
  ask: {
    readonly id: number
    readonly method: string
    readonly params?: Record<string, unknown>
    readonly context: LegacyContext
  },
  times: Times,
): Question {
  const body = {
    jsonrpc: '2.0',
    id: ask.id,
    method: ask.method,
    ...(ask.params === undefined ? {} : { params: ask.params }),
  }
  // A server that is asked to initialize has no version yet to hold a header against.
  const headers = ask.method === 'initialize' ? [] : legacyHeaders(ask.context)
  return { idJson: String(ask.id), outgoing: post(path, headers, body, times) }
}

export const legacyNotification = (
  path: string,
  message: {
    readonly method: string
    readonly params?: Record<string, unknown>
    readonly context: LegacyContext
  },
  times: Times,
): Outgoing =>
  post(
    path,
    legacyHeaders(message.context),
    {
      jsonrpc: '2.0',
      method: message.method,
      ...(message.params === undefined ? {} : { params: message.params }),
    },
    times,
  )

/** The rest of a stream that was let go, behind its last event (2025-11-25, Resumability and Redelivery). */
export const legacyResumption = (
  path: string,
  behind: { readonly context: LegacyContext; readonly lastEventId: string },
  times: Times,
): Outgoing => ({
  method: 'GET',
  path,
  headers: [
    'accept',
    'text/event-stream',
    HEADER.lastEventId,
    behind.lastEventId,
    ...legacyHeaders(behind.context),
  ],
  body: undefined,
  ...times,
})

/** What a caller has said already, as its bytes. */
export const legacyWords = (
  path: string,
  said: { readonly body: Buffer; readonly context: LegacyContext },
  times: Times,
): Outgoing => ({
  method: 'POST',
  path,
  headers: [...COMMON, ...legacyHeaders(said.context)],
  body: said.body,
  ...times,
})

/** For the stream of a session; it may be silent, and its head may wait for the first event. */
export const legacyListening = (
  path: string,
  context: LegacyContext,
  lastEventId?: string,
): Outgoing => ({
  method: 'GET',
  path,
  headers: [
    'accept',
    'text/event-stream',
    ...legacyHeaders(context),
    ...(lastEventId === undefined ? [] : [HEADER.lastEvent, lastEventId]),
  ],
  body: undefined,
  firstByteMs: 0,
  idleMs: 0,
})

export const legacyFarewell = (path: string, context: LegacyContext, times: Times): Outgoing => ({
  method: 'DELETE',
  path,
  headers: legacyHeaders(context),
  body: undefined,
  ...times,
})
