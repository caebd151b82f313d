// A tool server as a process of its own, to be killed, stopped and ill-treated: `echo` only reads, `act` has an effect and must not
// run twice. Both write into the ledger before they answer. It speaks both eras; its legacy sessions live and die with the process.
// It is told over its channel how to behave.
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Deed, lineOf, nowMs } from './ledger.ts'
import type { Mood } from './tool-replica.ts'

const { values } = parseArgs({
  options: { ledger: { type: 'string' }, name: { type: 'string' }, port: { type: 'string' } },
})
const { ledger = '.', name = 'tool', port = '0' } = values
const book = openSync(join(ledger, name), 'a')
let mood: Mood = { delayMs: 0 }
/** Bounded by the callers of one story. */
const sessions = new Set<string>()

const STAMP = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
const LEGACY = '2025-11-25'
const SERVER = { name, version: '1' }
const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'act', inputSchema: { type: 'object' } },
]

interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: {
    readonly name?: string
    readonly arguments?: { readonly call?: string; readonly delayMs?: number }
  }
}

/** A notification is taken, and that is all. */
function heard(message: Message, response: ServerResponse): void {
  if (message.id === undefined) response.writeHead(202).end()
  else answer(message, response)
}

function answer(message: Message, response: ServerResponse): void {
  const { id, method, params } = message
  const send = (body: object): void =>
    void response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
  if (method === 'server/discover')
    send({
      result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ...STAMP },
    })
  else if (method === 'tools/list') send({ result: { tools: TOOLS, ...STAMP } })
  else if (method === 'initialize') {
    response.setHeader('mcp-session-id', opened())
    send({ result: { protocolVersion: LEGACY, capabilities: { tools: {} }, serverInfo: SERVER } })
  } else if (method === 'tools/call') run(params ?? {}, response, send)
  else send({ error: { code: -32_601, message: 'Method not found' } })
}

function opened(): string {
  const session = randomUUID()
  sessions.add(session)
  return session
}

function run(
  params: NonNullable<Message['params']>,
  response: ServerResponse,
  send: (body: object) => void,
): void {
  const { refuseWith, delayMs } = mood
  if (refuseWith !== undefined) {
    setTimeout(() => response.writeHead(refuseWith, { 'retry-after': '1' }).end(), 1)
    return
  }
  const { name: tool = '', arguments: { call = '', delayMs: asked } = {} } = params
  note('ran', tool, call)
  response.once('close', () => {
    if (!response.writableFinished) note('left', tool, call)
  })
  const result = { content: [{ type: 'text', text: name }], ...STAMP }
  const wait = asked ?? delayMs
  if (wait === 0) send({ result })
  else setTimeout(() => send({ result }), wait)
}

const note = (deed: Deed, tool: string, call: string): void =>
  void writeSync(book, lineOf({ deed, tool, call, atMs: nowMs() }))

const server = createServer((request: IncomingMessage, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('error', () => undefined) // a request that broke off is none
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    const session = request.headers['mcp-session-id']
    if (typeof session === 'string' && !sessions.has(session)) response.writeHead(404).end()
    else if (request.method === 'DELETE' && typeof session === 'string')
      response.writeHead(sessions.delete(session) ? 204 : 404).end()
    else if (body === '') response.writeHead(405).end()
    else heard(JSON.parse(body) as Message, response)
  })
})
server.listen(Number(port), '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
)
process.on('message', (next: Mood) => {
  mood = next
})
process.on('disconnect', () => process.exit(1)) // whoever started it is gone
/** What is under way is finished, and then it goes. */
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
