// Opens and ends sessions with legacy replicas, in the router's name or a caller's. A server is told what its caller can be asked, and
// nothing of a caller who cannot be: it must not ask for what was not declared.
import { type CallerCapabilities, type Capabilities, capabilitiesIn } from '#router/capabilities.ts'
import { isLegacyVersion } from '#router/eras/versions.ts'
import {
  type ClientInfo,
  type LegacyContext,
  legacyFarewell,
  legacyNotification,
  legacyQuestion,
  type Times,
} from './questions.ts'
import { askReplica, type RpcReply } from './rpc.ts'
import type { Outgoing, Sent } from './send.ts'

export interface UpstreamSession extends LegacyContext {
  readonly instructions?: string
  readonly capabilities?: Capabilities
  /** What the server calls itself. */
  readonly serverName?: string
}

export type Handshake =
  | { readonly kind: 'open'; readonly session: UpstreamSession }
  | { readonly kind: 'failed'; readonly reply: RpcReply }

export interface HandshakeWay {
  readonly path: string
  readonly send: (outgoing: Outgoing) => Sent
  readonly times: Times
  readonly timeoutMs: number
  readonly nextId: () => number
}

/** As the specification has it; anything else could not go back in a header as it came (2025-11-25, Session Management). */
const SESSION_ID = /^[!-~]{1,1024}$/
const BAD_ID = 'its session id is not 1 to 1024 characters of visible ASCII'

export async function openUpstreamSession(
  way: HandshakeWay,
  asked: {
    readonly version: string
    readonly client: ClientInfo
    readonly capabilities?: CallerCapabilities
  },
): Promise<Handshake> {
  const { path, times } = way
  const { version: protocolVersion, client: clientInfo, capabilities: declared = {} } = asked
  const question = legacyQuestion(
    path,
    {
      id: way.nextId(),
      method: 'initialize',
      params: { protocolVersion, capabilities: declared, clientInfo },
      context: { version: asked.version },
    },
    times,
  )
  const reply = await askReplica(way.send(question.outgoing), question.idJson, way.timeoutMs)
  if (reply.kind !== 'message') return { kind: 'failed', reply }
  const result = reply.message['result'] as
    | { protocolVersion?: unknown; instructions?: unknown; serverInfo?: { name?: unknown } | null }
    | null
    | undefined
  const version = result?.protocolVersion
  const name = result?.serverInfo?.name
  const capabilities = capabilitiesIn(result)
  const sessionId = reply.header('mcp-session-id')
  if (sessionId !== undefined && !SESSION_ID.test(sessionId))
    return { kind: 'failed', reply: { kind: 'http', status: reply.status, detail: BAD_ID } }
  if (typeof version !== 'string' || !isLegacyVersion(version)) {
    if (sessionId !== undefined)
      await endUpstreamSession(way, { version: asked.version, sessionId })
    return { kind: 'failed', reply }
  }
  const session: UpstreamSession = {
    version,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...instructionsIn(result),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(typeof name === 'string' ? { serverName: name } : {}),
  }
  // A server may refuse everything until it has this, so it is awaited; one that keeps no session need not see it.
  if (sessionId !== undefined)
    await tell(
      way,
      legacyNotification(path, { method: 'notifications/initialized', context: session }, times),
    )
  return { kind: 'open', session }
}

/** What a replica tells of its use is handed on to every caller who comes, up to this length. */
const MOST_INSTRUCTIONS = 16_384

export function instructionsIn(result: { readonly instructions?: unknown } | null | undefined): {
  readonly instructions?: string
} {
  const told = result?.instructions
  return typeof told === 'string'
    ? { instructions: told.slice(0, MOST_INSTRUCTIONS).toWellFormed() }
    : {}
}

/** Best effort: a server may refuse to have its session ended (405), and it will end idle ones itself. */
export async function endUpstreamSession(way: HandshakeWay, context: LegacyContext): Promise<void> {
  if (context.sessionId !== undefined) await tell(way, legacyFarewell(way.path, context, way.times))
}

/** Sends what has no answer; its outcome changes nothing here. */
export async function tell(
  way: Pick<HandshakeWay, 'send' | 'timeoutMs'>,
  outgoing: Outgoing,
): Promise<void> {
  await askReplica(way.send(outgoing), 'null', way.timeoutMs)
}
