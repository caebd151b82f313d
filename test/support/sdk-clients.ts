// The official clients as a person gets them: v1, and v2 in each of its modes. v2 speaks the legacy era unless told otherwise.
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

export interface CallOptions {
  readonly onprogress?: (progress: {
    readonly progress: number
    readonly total?: number | undefined
  }) => void
  readonly signal?: AbortSignal
}

export interface ToolPage {
  readonly tools: readonly { readonly name: string }[]
  readonly nextCursor?: string | undefined
}

export interface ToolAnswer {
  readonly content?: unknown
  readonly structuredContent?: unknown
  readonly isError?: unknown
}

/** What the tests need of any client. */
export interface SdkClient {
  readonly era: 'modern' | 'legacy'
  readonly version: () => string | undefined
  readonly serverName: () => string | undefined
  readonly instructions: () => string | undefined
  readonly sessionId: () => string | undefined
  readonly ping: () => Promise<unknown>
  readonly list: (cursor?: string) => Promise<ToolPage>
  readonly call: (
    tool: string,
    args?: Record<string, unknown>,
    options?: CallOptions,
  ) => Promise<ToolAnswer>
  /** Ends the session at the server, where there is one. */
  readonly terminate: () => Promise<void>
  readonly close: () => Promise<void>
}

export type Connect = (url: string) => Promise<SdkClient>

const INFO = { name: 'test', version: '1' }

const connectV1: Connect = async url => {
  const transport = new TransportV1(new URL(url))
  const client = new ClientV1(INFO)
  await client.connect(transport)
  return {
    era: 'legacy',
    version: () => transport.protocolVersion,
    serverName: () => client.getServerVersion()?.name,
    instructions: () => client.getInstructions(),
    sessionId: () => transport.sessionId,
    ping: () => client.ping(),
    list: cursor => client.listTools(cursor === undefined ? {} : { cursor }),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, options)) as ToolAnswer,
    terminate: () => transport.terminateSession(),
    close: () => client.close(),
  }
}

const connectV2 =
  (mode: 'legacy' | 'auto' | { readonly pin: string }): Connect =>
  async url => {
    const transport = new TransportV2(new URL(url))
    const client = new ClientV2(INFO, { versionNegotiation: { mode } })
    await client.connect(transport)
    return {
      era: mode === 'legacy' ? 'legacy' : 'modern',
      version: () => client.getNegotiatedProtocolVersion(),
      serverName: () => client.getServerVersion()?.name,
      instructions: () => client.getInstructions(),
      sessionId: () => transport.sessionId,
      ping: () => client.ping(),
      list: cursor => client.listTools(cursor === undefined ? {} : { cursor }),
      call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options),
      terminate: () => transport.terminateSession(),
      close: () => client.close(),
    }
  }

export const sdkClients: Readonly<Record<string, Connect>> = {
  'SDK v1': connectV1,
  'SDK v2 as it comes': connectV2('legacy'),
  'SDK v2 pinned': connectV2({ pin: '2026-07-28' }),
  'SDK v2 that finds out': connectV2('auto'),
}
