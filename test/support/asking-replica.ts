// A legacy tool server with sessions whose one tool asks its caller before it is done. It counts how often the tool ran, and numbers the events
// of its streams, so that they can be gone on with, or does not.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface AskingReplica {
  readonly url: string
  readonly port: number
  /** How often the tool was begun, and how often it was done. */
  readonly begun: () => number
  readonly done: () => number
  readonly sessions: ReadonlySet<string>
  /** Everything ends at once, as with its process. */
  readonly close: () => Promise<void>
}

interface Rpc {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly name?: string }
  readonly result?: { readonly content?: { readonly name?: string } }
}

interface Running {
  readonly callId: number | string
  readonly events: string[]
  stream: ServerResponse | undefined
}

interface State {
  readonly isNumbered: boolean
  readonly sessions: Set<string>
  readonly running: Map<string, Running>
  begun: number
  done: number
}

export async function startAsking(options: {
  readonly isNumbered: boolean
  readonly port?: number
}): Promise<AskingReplica> {
  const state: State = {
    isNumbered: options.isNumbered,
    sessions: new Set(),
    running: new Map(),
    begun: 0,
    done: 0,
  }
  const server = createServer((request, response) => void serve(state, request, response))
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    begun: () => state.begun,
    done: () => state.done,
    sessions: state.sessions,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const session = String(request.headers['mcp-session-id'])
  if (request.method === 'DELETE') {
    state.sessions.delete(session)
    response.writeHead(200).end()
  } else if (request.method === 'GET') follow(state, request, response)
  else answer(state, { session, response, rpc: (await json(request)) as Rpc })
}

const STREAM = { 'content-type': 'text/event-stream' }
const HEAD = { jsonrpc: '2.0' } as const

function answer(
  state: State,
  {
    session,
    response,
    rpc,
  }: { readonly session: string; readonly response: ServerResponse; readonly rpc: Rpc },
): void {
  const { id, method } = rpc
  const reply = (body: object, headers: Record<string, string> = {}): void =>
    void response
      .writeHead(200, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ ...HEAD, id, ...body }))
  if (method === 'initialize') {
    const opened = randomUUID()
    state.sessions.add(opened)
    const serverInfo = { name: 'asking', version: '1' }
    const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
    reply({ result }, { 'mcp-session-id': opened })
  } else if (method === 'server/discover') reply({ error: { code: -32601, message: 'no' } })
  else if (!state.sessions.has(session)) response.writeHead(404).end()
  else if (method === 'tools/list')
    reply({ result: { tools: [{ name: 'ask', inputSchema: { type: 'object' } }] } })
  else if (method === 'tools/call' && id !== undefined)
    begin(state, { session, response, callId: id })
  else if (method === undefined) finish(state, session, response, rpc)
  else if (id === undefined) response.writeHead(202).end()
  else reply({ result: {} })
}

function begin(
  state: State,
  {
    session,
    response,
    callId,
  }: {
    readonly session: string
    readonly response: ServerResponse
    readonly callId: number | string
  },
): void {
  state.begun += 1
  const call: Running = { callId, events: [], stream: response }
  state.running.set(session, call)
  response.writeHead(200, STREAM)
  const params = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }
  say(state, call, { ...HEAD, id: 0, method: 'elicitation/create', params })
  response.on('close', () => {
    call.stream = undefined
  })
}

function finish(state: State, session: string, response: ServerResponse, { result }: Rpc): void {
  response.writeHead(202).end()
  const call = state.running.get(session)
  if (call === undefined) return
  state.running.delete(session)
  state.done += 1
  const content = [{ type: 'text', text: `Hello, ${result?.content?.name ?? 'nobody'}!` }]
  say(state, call, { ...HEAD, id: call.callId, result: { content } })
  call.stream?.end()
  state.running.set(`done ${session}`, call)
}

/** The rest of the stream, behind the last event that was heard. */
function follow(state: State, request: IncomingMessage, response: ServerResponse): void {
  const last = request.headers['last-event-id']
  const session = String(request.headers['mcp-session-id'])
  const call = state.running.get(session) ?? state.running.get(`done ${session}`)
  if (!state.isNumbered || typeof last !== 'string' || call === undefined) {
    response.writeHead(405).end()
    return
  }
  response.writeHead(200, STREAM)
  for (const event of call.events.slice(Number(last) + 1)) response.write(event)
  if (state.running.has(`done ${session}`)) response.end()
  else call.stream = response
}

function say(state: State, call: Running, message: object): void {
  const id = state.isNumbered ? `id: ${call.events.length}\n` : ''
  const event = `event: message\n${id}data: ${JSON.stringify(message)}\n\n`
  call.events.push(event)
  call.stream?.write(event)
}
