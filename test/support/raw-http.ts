// MCP over HTTP by hand: exact bytes and headers out, and what came back, a broken answer included.
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export interface RawRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly signal?: AbortSignal
  /** A connection of its own unless given. */
  readonly agent?: Agent
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The connection broke before the answer was whole. */
  readonly isCut: boolean
}

/** Rejects only when no answer began. */
export function rawRequest(url: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'POST', headers = {}, body, signal, agent = false } = options
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, headers, agent, ...(signal === undefined ? {} : { signal }) },
      response => {
        const chunks: Buffer[] = []
        const finish = (isCut: boolean): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            isCut,
          })
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => finish(false))
        response.on('error', () => finish(true))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

export const MODERN_VERSION = '2026-07-28'
export const LEGACY_VERSION = '2025-11-25'
export const BOTH = 'application/json, text/event-stream'

export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
} as const

export interface Asked {
  readonly id?: string | number
  /** Legacy session; its absence is a session-less call. */
  readonly session?: string
  readonly version?: string
  readonly progressToken?: string
  /** Of a modern request, beside what it must say. */
  readonly meta?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly agent?: Agent
}

const only = (asked: Asked): Pick<RawRequest, 'signal' | 'agent'> => ({
  ...(asked.signal === undefined ? {} : { signal: asked.signal }),
  ...(asked.agent === undefined ? {} : { agent: asked.agent }),
})

export function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: BOTH,
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  }
}

export function modernRequest(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  asked: Asked = {},
): RawRequest {
  const token = asked.progressToken === undefined ? {} : { progressToken: asked.progressToken }
  const about = method.startsWith('tasks/') ? params['taskId'] : params['name']
  const isNamed = method === 'tools/call' || method.startsWith('tasks/')
  const name = isNamed ? (about as string) : undefined
  return {
    headers: { ...modernHeaders(method, name), ...asked.headers },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: asked.id ?? 1,
      method,
      params: { ...params, _meta: { ...MODERN_META, ...token, ...asked.meta } },
    }),
    ...only(asked),
  }
}

export function legacyHeaders(asked: Asked = {}): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: BOTH,
    'mcp-protocol-version': asked.version ?? LEGACY_VERSION,
    ...(asked.session === undefined ? {} : { 'mcp-session-id': asked.session }),
    ...asked.headers,
  }
}

export function legacyRequest(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  asked: Asked = {},
): RawRequest {
  const token =
    asked.progressToken === undefined ? {} : { _meta: { progressToken: asked.progressToken } }
  return {
    headers: legacyHeaders(asked),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: asked.id ?? 1,
      method,
      params: { ...params, ...token },
    }),
    ...only(asked),
  }
}

export const callParams = (
  name: string,
  args: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({ name, arguments: args })

export const modernCall = (
  url: string,
  tool: string,
  args: Readonly<Record<string, unknown>> = {},
  asked: Asked = {},
): Promise<RawAnswer> => rawRequest(url, modernRequest('tools/call', callParams(tool, args), asked))

export const legacyCall = (
  url: string,
  tool: string,
  args: Readonly<Record<string, unknown>> = {},
  asked: Asked = {},
): Promise<RawAnswer> => rawRequest(url, legacyRequest('tools/call', callParams(tool, args), asked))

/** Opens a legacy session and returns its id; empty when the server keeps none. */
export async function openSession(url: string, version = LEGACY_VERSION): Promise<string> {
  const clientInfo = { name: 'raw', version: '1' }
  const params = { protocolVersion: version, capabilities: {}, clientInfo }
  const answer = await rawRequest(url, legacyRequest('initialize', params))
  const session = answer.headers['mcp-session-id']
  if (answer.status !== 200)
    throw new Error(`initialize: ${answer.status} ${answer.body.toString()}`)
  return typeof session === 'string' ? session : ''
}

export interface RpcMessage {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: Readonly<Record<string, unknown>>
  }
}

/** Every JSON-RPC message of an answer, from JSON or from events. */
export function messagesOf(answer: Pick<RawAnswer, 'headers' | 'body'>): readonly RpcMessage[] {
  const text = answer.body.toString()
  if (!String(answer.headers['content-type']).startsWith('text/event-stream'))
    return text === '' ? [] : [JSON.parse(text) as RpcMessage]
  return text
    .split('\n\n')
    .map(block =>
      block
        .split('\n')
        .filter(line => line.startsWith('data:'))
        .map(line => line.slice(5).trimStart())
        .join('\n'),
    )
    .filter(data => data !== '')
    .map(data => JSON.parse(data) as RpcMessage)
}

/** The one that answers. */
export function answerOf(answer: Pick<RawAnswer, 'headers' | 'body'>): RpcMessage {
  const found = messagesOf(answer).find(message => message.method === undefined)
  if (found === undefined) throw new Error(`no answer in: ${answer.body.toString()}`)
  return found
}

export interface ProblemSeen {
  readonly code: string
  readonly executed: string
  readonly says: string
}

/** What Ringmain says of a call that it could not complete, wherever it put it. */
export function problemOf(answer: Pick<RawAnswer, 'headers' | 'body'>): ProblemSeen | undefined {
  const { result, error } = answerOf(answer)
  const meta = result?.['_meta'] as Readonly<Record<string, unknown>> | undefined
  const problem = error?.data?.['problem'] ?? meta?.['dev.ringmain/problem']
  return problem as ProblemSeen | undefined
}

/** `structuredContent.server`: which scripted server answered. */
export const servedBy = (answer: Pick<RawAnswer, 'headers' | 'body'>): string | undefined =>
  (answerOf(answer).result?.['structuredContent'] as { server?: string } | undefined)?.server
