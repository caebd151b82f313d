// A server that answers each MCP method as one test says, and counts the sessions it holds.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface Asked {
  /** JSON-RPC method, or the HTTP verb of a request without a message. */
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly params: Readonly<Record<string, unknown>>
  /** Sends a JSON-RPC result. */
  readonly result: (result: unknown, headers?: Readonly<Record<string, string>>) => void
  readonly error: (status: number, code: number, data?: unknown) => void
  readonly status: (status: number, body?: string) => void
  readonly response: ServerResponse
}

export type Script = Readonly<Record<string, (asked: Asked) => void>>

export interface SmallReplica {
  readonly port: number
  readonly asked: readonly Asked[]
  readonly methods: () => readonly string[]
  /** Legacy sessions that were opened and not ended. */
  readonly sessions: ReadonlySet<string>
}

interface Ports {
  readonly script: Script
  readonly sessions: Set<string>
}

/** What the script does not name is answered 404 with an empty body. Closes with the test. */
export async function startReplica(t: TestContext, script: Script): Promise<SmallReplica> {
  const asked: Asked[] = []
  const sessions = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const message = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
      const one = { ...askedOf(message, response), headers: request.headers }
      const method = typeof message['method'] === 'string' ? message['method'] : request.method
      const seen: Asked = { ...one, method: method ?? '' }
      asked.push(seen)
      handle(seen, { script, sessions })
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(
    () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return { port, asked, methods: () => asked.map(({ method }) => method), sessions }
}

function handle(asked: Asked, { script, sessions }: Ports): void {
  const { response, headers, method } = asked
  const answer = Object.hasOwn(script, method) ? script[method] : undefined
  if (method === 'DELETE') sessions.delete(String(headers['mcp-session-id']))
  if (answer === undefined) response.writeHead(404).end()
  else answer(asked)
  const opened = response.getHeader('mcp-session-id')
  if (typeof opened === 'string') sessions.add(opened)
}

function askedOf(
  message: Record<string, unknown>,
  response: ServerResponse,
): Omit<Asked, 'headers' | 'method'> {
  const id = message['id']
  const send = (status: number, body: object, headers: Readonly<Record<string, string>> = {}) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
  }
  return {
    params: (message['params'] ?? {}) as Record<string, unknown>,
    response,
    result: (result, headers) => send(200, { result }, headers),
    error: (status, code, data) =>
      send(status, {
        error: { code, message: 'scripted', ...(data === undefined ? {} : { data }) },
      }),
    status: (status, body = '') => void response.writeHead(status).end(body),
  }
}

const tools = (...names: readonly string[]): object => ({ tools: names.map(name => ({ name })) })

/** Answers of a good server of one era; a test spreads them and puts its own in their place. */
export const MODERN_SCRIPT: Script = {
  'server/discover': ({ result, params }) =>
    hasMeta(params)
      ? result({
          supportedVersions: ['2026-07-28'],
          capabilities: {},
          instructions: 'modern words',
        })
      : undefined,
  'tools/list': ({ result }) => result(tools('search', 'count')),
}

/** `sessionId` undefined: the server keeps none. */
export function legacyScript(sessionId?: string): Script {
  const guarded =
    (answer: (asked: Asked) => void) =>
    (asked: Asked): void => {
      if (sessionId !== undefined && asked.headers['mcp-session-id'] !== sessionId)
        asked.error(400, -32_000)
      else answer(asked)
    }
  return {
    'server/discover': ({ error }) => error(400, -32_000),
    initialize: ({ result, params }) =>
      result(
        {
          protocolVersion: params['protocolVersion'],
          capabilities: {},
          instructions: 'legacy words',
        },
        sessionId === undefined ? {} : { 'mcp-session-id': sessionId },
      ),
    'notifications/initialized': guarded(({ status }) => status(202)),
    ping: guarded(({ result }) => result({})),
    'tools/list': guarded(({ result }) => result(tools('old'))),
    DELETE: ({ status }) => status(200),
  }
}

const hasMeta = (params: Readonly<Record<string, unknown>>): boolean =>
  (params['_meta'] as Record<string, unknown> | undefined)?.[
    'io.modelcontextprotocol/protocolVersion'
  ] !== undefined
