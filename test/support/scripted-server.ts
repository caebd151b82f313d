// An MCP server on raw node:http that records every request as it came and counts what its tools ran.
// It is no model of a good server: only the script of what one test wants a router to meet.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  answer,
  type ScriptedOptions,
  type SeenAbort,
  type SeenRequest,
  type State,
} from './scripted-answers.ts'

export interface ScriptedServer {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly requests: readonly SeenRequest[]
  /** Exchanges of tools that the other side left before the answer was whole. */
  readonly aborts: readonly SeenAbort[]
  /** Ids of requests that a legacy caller cancelled. */
  readonly cancelled: readonly unknown[]
  /** Open legacy sessions. */
  readonly sessions: ReadonlySet<string>
  readonly opened: () => number
  /** How often the tool ran, or all of them together. */
  readonly executions: (tool?: string) => number
  readonly calls: () => readonly SeenRequest[]
  /** Bytes that the `bytes` tool has handed to its connections. */
  readonly poured: () => number
  /** Forgets the sessions it holds, as a process that was started again. */
  readonly forget: () => void
  readonly close: () => Promise<void>
}

export async function startScripted(options: ScriptedOptions = {}): Promise<ScriptedServer> {
  const { name = 'scripted' } = options
  const state: State = {
    name,
    options,
    requests: [],
    aborts: [],
    cancelled: [],
    sessions: new Set(),
    counts: new Map(),
    opened: 0,
    poured: 0,
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () =>
      answer(state, see(state, request, Buffer.concat(chunks)), { request, response }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    name,
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    requests: state.requests,
    aborts: state.aborts,
    cancelled: state.cancelled,
    sessions: state.sessions,
    opened: () => state.opened,
    executions: tool =>
      tool === undefined
        ? [...state.counts.values()].reduce((sum, count) => sum + count, 0)
        : (state.counts.get(tool) ?? 0),
    calls: () => state.requests.filter(({ method }) => method === 'tools/call'),
    poured: () => state.poured,
    forget: () => state.sessions.clear(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function see(state: State, request: IncomingMessage, body: Buffer): SeenRequest {
  const message = (body.length === 0 ? {} : JSON.parse(body.toString())) as {
    readonly method?: string
    readonly id?: unknown
    readonly params?: Record<string, unknown>
  }
  const seen: SeenRequest = {
    verb: request.method ?? '',
    headers: request.headers,
    body,
    method: message.method ?? '',
    tool: message.params?.['name'] as string | undefined,
    id: message.id,
    params: message.params ?? {},
    atMs: performance.now(),
  }
  if (state.options.isForgetful !== true) state.requests.push(seen)
  return seen
}
