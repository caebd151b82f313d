// Tool servers on the official SDKs, as real ones are built: v2 serving both eras, v1 with sessions, v1 without.
// All offer the same tools, and count what ran and what was given up.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import {
  createMcpHandler,
  fromJsonSchema,
  type JsonSchemaType,
  McpServer,
} from '@modelcontextprotocol/server'

export interface SdkServer {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly executions: () => number
  /** Tools that saw their call cancelled. */
  readonly cancelled: () => number
  /** Legacy sessions it holds. */
  readonly sessions: () => number
  /** Sessions it opened so far. */
  readonly opened: () => number
  /** Forgets its sessions, as a process that was started again. */
  readonly forget: () => Promise<void>
  readonly close: () => Promise<void>
}

interface Counts {
  executions: number
  cancelled: number
  opened: number
}

interface Running {
  readonly server: string
  readonly args: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => Promise<void>
  readonly counts: Counts
}

interface SdkResult {
  [key: string]: unknown
  content: { type: 'text'; text: string }[]
  structuredContent?: { [key: string]: unknown }
  isError?: boolean
}

const INPUT: JsonSchemaType = { type: 'object', properties: { who: { type: 'string' } } }

const TOOLS: Readonly<Record<string, (call: Running) => Promise<SdkResult>>> = {
  greet: async ({ server, args }) => ({
    content: [{ type: 'text', text: `hello ${String(args['who'])} from ${server}` }],
    structuredContent: { server, who: args['who'] },
  }),
  fail: async () => ({ content: [{ type: 'text', text: 'the ledger is closed' }], isError: true }),
  steps: async call => {
    for (const step of [1, 2, 3]) await call.progress(step, 3)
    return { content: [{ type: 'text', text: 'three steps' }] }
  },
  /** Runs until it is cancelled. */
  wait: async ({ signal, counts, progress }) => {
    await progress(1, 2)
    if (!signal.aborted)
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
    counts.cancelled += 1
    return { content: [{ type: 'text', text: 'given up' }] }
  },
}

export const SDK_TOOLS: readonly string[] = Object.keys(TOOLS)

/** SDK v2: modern, and legacy without sessions, at one path. */
export const startSdkDual = (name = 'dual'): Promise<SdkServer> => startSdkV2(name, 'stateless')

/** SDK v2, and nothing for a caller of the era before. */
export const startSdkModern = (name = 'modern'): Promise<SdkServer> => startSdkV2(name, 'reject')

async function startSdkV2(name: string, legacy: 'stateless' | 'reject'): Promise<SdkServer> {
  const counts: Counts = { executions: 0, cancelled: 0, opened: 0 }
  const make = (): McpServer => {
    const server = new McpServer({ name, version: '2' }, { instructions: `This is ${name}.` })
    for (const [tool, run] of Object.entries(TOOLS))
      server.registerTool(
        tool,
        { description: tool, inputSchema: fromJsonSchema<Record<string, unknown>>(INPUT) },
        async (args, { mcpReq }) => {
          counts.executions += 1
          const progressToken = mcpReq._meta?.progressToken
          return run({
            server: name,
            args,
            signal: mcpReq.signal,
            counts,
            progress: async (progress, total) => {
              if (progressToken === undefined) return
              const params = { progressToken, progress, total }
              await mcpReq.notify({ method: 'notifications/progress', params })
            },
          })
        },
      )
    return server
  }
  const handler = createMcpHandler(make, { legacy })
  const handle = toNodeHandler(handler)
  return serve(name, counts, {
    handle: (request, response) => handle(request as NodeIncomingMessageLike, response),
    sessions: () => 0,
    forget: () => Promise.resolve(),
    close: () => handler.close(),
  })
}

function serverV1(name: string, counts: Counts): Server {
  const server = new Server({ name, version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: SDK_TOOLS.map(tool => ({ name: tool, inputSchema: { type: 'object' as const } })),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const run = Object.hasOwn(TOOLS, params.name) ? TOOLS[params.name] : undefined
    if (run === undefined) throw new McpError(ErrorCode.InvalidParams, `no tool ${params.name}`)
    counts.executions += 1
    const progressToken = params._meta?.progressToken
    return run({
      server: name,
      args: params.arguments ?? {},
      signal: extra.signal,
      counts,
      progress: async (progress, total) => {
        if (progressToken === undefined) return
        const sent = { progressToken, progress, total }
        await extra.sendNotification({ method: 'notifications/progress', params: sent })
      },
    })
  })
  return server
}

/** SDK v1 with a session for each client: what most tool servers in the field are. */
export async function startSdkSessionful(name = 'sessionful'): Promise<SdkServer> {
  const counts: Counts = { executions: 0, cancelled: 0, opened: 0 }
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: id => {
        counts.opened += 1
        sessions.set(id, transport)
      },
      onsessionclosed: id => void sessions.delete(id),
    })
    await serverV1(name, counts).connect(transport)
    return transport
  }
  return serve(name, counts, {
    handle: async (request, response) => {
      const id = request.headers['mcp-session-id']
      const known = typeof id === 'string' ? sessions.get(id) : undefined
      if (id !== undefined && known === undefined) {
        response.writeHead(404, { 'content-type': 'application/json' })
        response.end(
          '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}',
        )
        return
      }
      await (known ?? (await open())).handleRequest(request, response)
    },
    sessions: () => sessions.size,
    forget: async () => {
      const all = [...sessions.values()]
      sessions.clear()
      await Promise.all(all.map(transport => transport.close()))
    },
    close: () => Promise.resolve(),
  })
}

/** SDK v1 without sessions: every request stands alone. */
export async function startSdkStateless(name = 'stateless'): Promise<SdkServer> {
  const counts: Counts = { executions: 0, cancelled: 0, opened: 0 }
  return serve(name, counts, {
    handle: async (request, response) => {
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: false })
      const server = serverV1(name, counts)
      response.on('close', () => void server.close())
      await server.connect(transport)
      await transport.handleRequest(request, response)
    },
    sessions: () => 0,
    forget: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
}

interface Face {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly sessions: () => number
  readonly forget: () => Promise<void>
  readonly close: () => Promise<void>
}

async function serve(name: string, counts: Counts, face: Face): Promise<SdkServer> {
  const server = createServer((request, response) => void face.handle(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    name,
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    executions: () => counts.executions,
    cancelled: () => counts.cancelled,
    opened: () => counts.opened,
    sessions: face.sessions,
    forget: face.forget,
    close: async () => {
      await face.forget()
      await face.close()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
