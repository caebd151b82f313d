// How the scripted server answers: which eras it speaks, its sessions, its list, and the run of a tool.
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Era } from '#routes/route-table.ts'
import { scriptedTools } from './scripted-tools.ts'

export interface ScriptedOptions {
  readonly name?: string
  readonly eras?: readonly Era[]
  /** Legacy callers must initialize and name their session. */
  readonly isSessionful?: boolean
  /** Names that it lists, in order. Every scripted tool runs whether it is listed or not. */
  readonly tools?: readonly string[]
  /** Input schemas by tool, where they matter. */
  readonly schemas?: Readonly<Record<string, object>>
  /** Annotations by tool. */
  readonly annotations?: Readonly<Record<string, object>>
  /**
   * As which tool this call of a tool runs, counted under its own name; `refuse`: it is refused with 503 before it runs, in the
   * words that a router understands.
   */
  readonly runsAs?: (tool: string) => string
  /** Tools on one page of the list; all of them when absent. */
  readonly pageSize?: number
  readonly port?: number
  /** Keeps no record of requests: for runs of many minutes. */
  readonly isForgetful?: boolean
  /** What a session waits for before it is opened. */
  readonly beforeSession?: () => Promise<void>
  /** A tool begins, with the bytes of its call; what it returns is told when it ends, and whether it was left. */
  readonly onRun?: (tool: string, body: string) => (isLeft: boolean) => void
}

export interface SeenRequest {
  readonly verb: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** JSON-RPC method; empty where there is none. */
  readonly method: string
  readonly tool: string | undefined
  readonly id: unknown
  readonly params: Readonly<Record<string, unknown>>
  readonly atMs: number
}

export interface SeenAbort {
  readonly tool: string
  /** Of the request that was left. */
  readonly id: unknown
  readonly atMs: number
}

/** What one scripted server has seen and holds. */
export interface State {
  readonly name: string
  readonly options: ScriptedOptions
  readonly requests: SeenRequest[]
  readonly aborts: SeenAbort[]
  readonly cancelled: unknown[]
  readonly sessions: Set<string>
  readonly counts: Map<string, number>
  opened: number
  poured: number
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const PROTOCOL = 'io.modelcontextprotocol/protocolVersion'
const MODERN = '2026-07-28'
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26']

export function answer(state: State, seen: SeenRequest, exchange: Exchange): void {
  const { eras = ['modern', 'legacy'] } = state.options
  const meta = seen.params['_meta'] as Record<string, unknown> | undefined
  const isModern = meta?.[PROTOCOL] !== undefined
  if (isModern && eras.includes('modern')) return answerMethod(state, seen, exchange, true)
  if (isModern)
    return refuse(exchange, seen, {
      status: 400,
      code: -32_000,
      message: `Bad Request: Unsupported protocol version: ${MODERN}`,
    })
  if (!eras.includes('legacy'))
    return refuse(exchange, seen, {
      status: 400,
      code: -32_022,
      message: 'Unsupported protocol version',
      data: { supported: [MODERN] },
    })
  return answerLegacy(state, seen, exchange)
}

function answerLegacy(state: State, seen: SeenRequest, exchange: Exchange): void {
  const { response } = exchange
  if (seen.method === 'initialize') {
    const open = (): void => initialize(state, seen, response)
    const { beforeSession } = state.options
    if (beforeSession === undefined) open()
    else void beforeSession().then(open)
    return
  }
  const id = seen.headers['mcp-session-id']
  if (state.options.isSessionful === true) {
    if (typeof id !== 'string')
      return refuse(exchange, seen, {
        status: 400,
        code: -32_000,
        message: 'Bad Request: Server not initialized',
      })
    if (!state.sessions.has(id))
      return refuse(exchange, seen, { status: 404, code: -32_001, message: 'Session not found' })
  }
  if (seen.verb === 'DELETE') {
    state.sessions.delete(id as string)
    response.writeHead(200).end()
    return
  }
  if (seen.id === undefined) {
    if (seen.method === 'notifications/cancelled') state.cancelled.push(seen.params['requestId'])
    response.writeHead(202).end()
    return
  }
  return answerMethod(state, seen, exchange, false)
}

function initialize(state: State, seen: SeenRequest, response: ServerResponse): void {
  const asked = seen.params['protocolVersion'] as string
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (state.options.isSessionful === true) {
    const id = `${state.name}-${randomUUID()}`
    state.sessions.add(id)
    state.opened += 1
    headers['mcp-session-id'] = id
  }
  const result = {
    protocolVersion: LEGACY.includes(asked) ? asked : LEGACY[0],
    capabilities: { tools: {} },
    serverInfo: { name: state.name, version: '1' },
  }
  response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: seen.id, result }))
}

function answerMethod(
  state: State,
  seen: SeenRequest,
  exchange: Exchange,
  isModern: boolean,
): void {
  const send = (result: object): void => {
    exchange.response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: seen.id, result }))
  }
  const stamp = isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}
  switch (seen.method) {
    case 'ping':
      return send({})
    case 'server/discover':
      return send({ supportedVersions: [MODERN], capabilities: { tools: {} }, ...stamp })
    case 'tools/list':
      return list(state, seen, exchange, page => send({ ...page, ...stamp }))
    case 'tools/call':
      return run(state, seen, exchange, isModern)
    default:
      return refuse(exchange, seen, {
        status: isModern ? 404 : 200,
        code: -32_601,
        message: 'Method not found',
      })
  }
}

function list(
  state: State,
  seen: SeenRequest,
  exchange: Exchange,
  send: (page: object) => void,
): void {
  const names = state.options.tools ?? Object.keys(scriptedTools)
  const { cursor } = seen.params
  const from =
    cursor === undefined ? 0 : Number(/^from-([0-9]+)$/.exec(cursor as string)?.[1] ?? NaN)
  if (Number.isNaN(from))
    return refuse(exchange, seen, { status: 200, code: -32_602, message: 'Invalid cursor' })
  const to = from + (state.options.pageSize ?? names.length)
  const { schemas, annotations } = state.options
  send({
    tools: names.slice(from, to).map(name => ({
      name,
      inputSchema: schemas?.[name] ?? { type: 'object' },
      ...(annotations?.[name] === undefined ? {} : { annotations: annotations[name] }),
    })),
    ...(to < names.length ? { nextCursor: `from-${to}` } : {}),
  })
}

function run(state: State, seen: SeenRequest, exchange: Exchange, isModern: boolean): void {
  const { tool: name = '' } = seen
  const script = state.options.runsAs?.(name) ?? name
  if (script === 'refuse') {
    exchange.response.writeHead(503, { 'x-ringmain-not-executed': '1' }).end()
    return
  }
  const tool = Object.hasOwn(scriptedTools, script) ? scriptedTools[script] : undefined
  if (tool === undefined)
    return refuse(exchange, seen, { status: 200, code: -32_602, message: `Unknown tool: ${name}` })
  state.counts.set(name, (state.counts.get(name) ?? 0) + 1)
  const { request, response } = exchange
  const ended = state.options.onRun?.(name, seen.body.toString('latin1'))
  response.once('close', () => {
    ended?.(!response.writableFinished)
    if (!response.writableFinished)
      state.aborts.push({ tool: name, id: seen.id, atMs: performance.now() })
  })
  const meta = seen.params['_meta'] as { progressToken?: string | number } | undefined
  tool({
    server: state.name,
    args: (seen.params['arguments'] ?? {}) as Record<string, unknown>,
    request,
    response,
    body: seen.body,
    idJson: JSON.stringify(seen.id),
    isModern,
    progressToken: meta?.progressToken,
    poured: bytes => (state.poured += bytes),
  })
}

function refuse(
  { response }: Exchange,
  seen: SeenRequest,
  says: {
    readonly status: number
    readonly code: number
    readonly message: string
    readonly data?: object
  },
): void {
  const { status, ...error } = says
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: seen.id ?? null, error }))
}
