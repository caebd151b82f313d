// One interface, two implementations: what differs between the eras on the wire. The facts between them are neutral,
// so that a bridge is a call decoded by one codec and sent by the other.
import type { IncomingHttpHeaders } from 'node:http'
import type { Decoded, ListName, Message, Resolved } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import type { Envelope } from './bridge/upward.ts'
import type { Read } from './message.ts'

/** A whole answer as it goes out. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer | string
}

/** Which replica-side names and ids a message takes on its way up. */
export interface Upward {
  /** Version the upstream exchange is held under. */
  readonly version: string
  /** What the replica calls what the message is about; as the message does when absent. */
  readonly ownName?: string
  /** Id the router sends under, as JSON. */
  readonly idJson: string
  readonly sessionId?: string
  /** For a modern replica, of a caller who has not said it with the request. */
  readonly envelope?: Envelope
  /** How long its answer is still waited for. */
  readonly leftMs: number
}

/** Of a call, what goes up. */
export type Upgoing = Pick<Decoded, 'era' | 'message' | 'passedHeaders'> &
  Partial<Pick<Resolved, 'mirroredHeaders' | 'rounds'>>

export interface UpstreamRequest {
  /** Flat name, value list, ready for the client. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

export interface Codec {
  readonly era: Era
  /** Holds the message against its headers and this era's rules. */
  readonly decode: (
    message: Message,
    headers: IncomingHttpHeaders,
  ) => Read<{ readonly version: string; readonly list: ListName }>
  /** The message for a replica: the same bytes but for the spans that must change. */
  readonly upward: (call: Upgoing, to: Upward) => UpstreamRequest
  /** The id this era sends upstream for a caller's request. */
  readonly upstreamIdJson: (message: Message, nextId: () => number) => string
  /** A result made by the router; `fields` is a JSON object. */
  readonly result: (idJson: string, resultJson: string) => WireAnswer
  readonly error: (idJson: string, errorJson: string, status: number) => WireAnswer
  readonly refusal: (message: Message | undefined, refusal: Refusal, idJson: string) => WireAnswer
}

const RPC_OPEN = '{"jsonrpc":"2.0","id":'

export const rpcResult = (idJson: string, resultJson: string): string =>
  `${RPC_OPEN}${idJson},"result":${resultJson}}`

/** The same of a result that comes in pieces. */
export const rpcPieces = (idJson: string, result: readonly Buffer[]): readonly Buffer[] => [
  Buffer.from(`${RPC_OPEN}${idJson},"result":`),
  ...result,
  Buffer.from('}'),
]

/** `idJson` empty: the request was not understood, the id is null (JSON-RPC 2.0, section 5). */
export const rpcError = (idJson: string, errorJson: string): string =>
  `${RPC_OPEN}${idJson === '' ? 'null' : idJson},"error":${errorJson}}`

export const JSON_HEADERS: Record<string, string> = Object.freeze({
  'content-type': 'application/json',
})
