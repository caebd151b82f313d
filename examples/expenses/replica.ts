// Runs one demo server as a process: both protocol eras at /mcp, its own count at /executions, health at /healthz.
// It ends with the process that started it, so that nothing is left behind when that one is killed.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  type NodeMcpRequestHandler,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { createMcpHandler, isLegacyRequest, McpServer } from '@modelcontextprotocol/server'
import { createConsulRegistration } from './consul-registration.ts'
import { createExecutions, type Executions } from './executions.ts'
import { createLegacySessions } from './legacy-sessions.ts'
import { createOpenAnswers, type OpenAnswers } from './open-answers.ts'
import { mustReadReplicaOptions, REPLICA_USAGE, type ReplicaOptions } from './replica-options.ts'
import type { OfferedTool } from './tool.ts'

const HOST = '127.0.0.1'
const ERAS = ['modern', 'legacy']
/** How long a call that runs may take to finish after SIGTERM. */
const FINISH_MS = 10_000
/** The same when the parent is gone: nobody is left to wait for. */
const ORPHAN_FINISH_MS = 1_000
/** Calls sent before the deregistration was seen still arrive in this time. */
const GRACE_MS = 200
const LIST_CACHE = { ttlMs: 60_000, cacheScope: 'public' } as const

export interface Program {
  readonly name: string
  readonly instructions: string
  /** Legacy callers get a session each; without it every legacy request stands alone. */
  readonly isSessionful: boolean
  readonly tools: (options: ReplicaOptions) => readonly OfferedTool[]
}

export async function runReplica(program: Program): Promise<void> {
  const options = readOptions(program)
  if (options === undefined) {
    process.exitCode = 64
    return
  }
  const say = (sentence: string): void => console.error(`${options.name}: ${sentence}`)
  const tools = program.tools(options)
  const executions = createExecutions(
    options.name,
    tools.map(tool => tool.name),
  )
  const mcp = createMcpFace(program, tools, executions)
  const answers = createOpenAnswers()
  const server = createServer(routesOf(mcp, executions, answers))
  const port = await listen(server, options.port)
  const registration =
    options.consul === undefined
      ? undefined
      : createConsulRegistration(
          options.consul,
          { ...options, id: options.name, host: HOST, port, eras: ERAS },
          say,
        )
  registration?.start()

  let isStopping = false
  const stop = async (why: string, finishMs: number): Promise<void> => {
    if (isStopping) return
    isStopping = true
    say(`stopping: ${why}`)
    await registration?.deregister()
    await wait(registration === undefined ? 0 : GRACE_MS)
    server.close()
    await Promise.race([answers.none(), wait(finishMs)])
    await mcp.close()
    server.closeAllConnections()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM', FINISH_MS))
  process.on('SIGINT', () => void stop('interrupted', FINISH_MS))
  if (process.channel) {
    process.on(
      'disconnect',
      () => void stop('the process that started it is gone', ORPHAN_FINISH_MS),
    )
    process.send?.({ type: 'listening', name: options.name, port })
  }
  console.log(`${options.name} listening: http://${HOST}:${port}/mcp`)
}

function readOptions(program: Program): ReplicaOptions | undefined {
  try {
    return mustReadReplicaOptions(program.name, process.argv.slice(2))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(`cannot start ${program.name}: ${message}`)
    console.error(`usage: node examples/expenses/${program.name}.ts ${REPLICA_USAGE}`)
    return undefined
  }
}

interface McpFace {
  readonly handle: NodeMcpRequestHandler
  readonly close: () => Promise<void>
}

function createMcpFace(
  program: Program,
  tools: readonly OfferedTool[],
  executions: Executions,
): McpFace {
  const makeServer = (): McpServer => {
    const server = new McpServer(
      { name: program.name, version: '1.0.0' },
      { instructions: program.instructions, cacheHints: { 'tools/list': LIST_CACHE } },
    )
    for (const tool of tools) tool.offer(server, executions)
    return server
  }
  if (!program.isSessionful) {
    const both = createMcpHandler(makeServer)
    return { handle: toNodeHandler(both), close: () => both.close() }
  }
  const modern = createMcpHandler(makeServer, { legacy: 'reject' })
  const sessions = createLegacySessions(makeServer)
  return {
    handle: toNodeHandler({
      fetch: async (request, more) =>
        (await isLegacyRequest(request)) ? sessions.fetch(request) : modern.fetch(request, more),
    }),
    close: async () => {
      await Promise.all([modern.close(), sessions.close()])
    },
  }
}

function routesOf(mcp: McpFace, executions: Executions, answers: OpenAnswers) {
  const isOwnHost = localhostHostValidation()
  const isOwnOrigin = localhostOriginValidation()
  return (request: IncomingMessage, response: ServerResponse): void => {
    // Without these two a web page could reach a loopback port through a name that it resolves here.
    if (!isOwnHost(request, response) || !isOwnOrigin(request, response)) return
    switch (new URL(request.url ?? '/', 'http://replica').pathname) {
      case '/mcp':
        // A legacy caller's GET stays open for as long as the session: nobody waits for that one.
        if (request.method === 'POST') answers.watch(response)
        // The SDK types the same object without `undefined` in its optional fields.
        void mcp.handle(request as NodeIncomingMessageLike, response)
        return
      case '/healthz':
        sendJson(response, 200, { status: 'ok' })
        return
      case '/executions':
        sendJson(response, 200, executions.view())
        return
      default:
        sendJson(response, 404, { error: 'Served here: /mcp, /healthz and /executions.' })
    }
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port))
  })
}

function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms).unref())
}
