// A tool server that is good but for what a test has it say: each method may be answered by a function of the test's own, on raw
// node:http, so that nothing in between makes it right again.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Era } from '#routes/route-table.ts'

export interface HostileAsked {
  readonly id: unknown
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly isModern: boolean
}

export type HostileAnswer = (asked: HostileAsked, response: ServerResponse) => void

export interface HostileServer {
  readonly url: string
  /** By method; what is not here is answered as it should be. May be changed while it runs. */
  readonly answers: Map<string, HostileAnswer>
  /** Eras that it speaks now. */
  eras: readonly Era[]
  readonly asked: (method: string) => number
  /** Exchanges that the other side left before their answer was whole. */
  readonly left: () => number
  readonly close: () => Promise<void>
}

const PROTOCOL = 'io.modelcontextprotocol/protocolVersion'
const STAMP = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }

export const goodTool = (name: string): Readonly<Record<string, unknown>> => ({
  name,
  inputSchema: { type: 'object' },
})

export async function startHostile(
  answers: Readonly<Record<string, HostileAnswer>> = {},
  eras: readonly Era[] = ['modern', 'legacy'],
): Promise<HostileServer> {
  const counts = new Map<string, number>() // bounded by the methods that a router sends
  let left = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    response.on('close', () => {
      if (!response.writableFinished) left += 1
    })
    response.on('error', () => undefined) // whoever left needs no answer
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const asked = readAsked(Buffer.concat(chunks).toString())
      counts.set(asked.method, (counts.get(asked.method) ?? 0) + 1)
      const own = hostile.answers.get(asked.method)
      const isSpoken = hostile.eras.includes(asked.isModern ? 'modern' : 'legacy')
      if (!isSpoken) refuseEra(asked, response)
      else if (own !== undefined) own(asked, response)
      else goodAnswer(asked, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hostile: HostileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    answers: new Map(Object.entries(answers)),
    eras,
    asked: method => counts.get(method) ?? 0,
    left: () => left,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return hostile
}

function readAsked(body: string): HostileAsked {
  const message = (body === '' ? {} : JSON.parse(body)) as {
    readonly id?: unknown
    readonly method?: string
    readonly params?: { readonly _meta?: Readonly<Record<string, unknown>> }
  }
  const { id, method = '', params = {} } = message
  return { id, method, params, isModern: params._meta?.[PROTOCOL] !== undefined }
}

export function answerWith({ id }: HostileAsked, response: ServerResponse, result: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

/** A stream of events, the head sent. */
export const beginStream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

export const eventOf = (message: unknown): string => `data: ${JSON.stringify(message)}\n\n`

export const toolResult = (text: string): Readonly<Record<string, unknown>> => ({
  content: [{ type: 'text', text }],
  resultType: 'complete',
})

function refuseEra({ id, isModern }: HostileAsked, response: ServerResponse): void {
  const error = isModern
    ? { code: -32_000, message: 'Bad Request: Unsupported protocol version' }
    : {
        code: -32_022,
        message: 'Unsupported protocol version',
        data: { supported: ['2026-07-28'] },
      }
  response
    .writeHead(400, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error }))
}

function goodAnswer(asked: HostileAsked, response: ServerResponse): void {
  if (asked.id === undefined) return void response.writeHead(202).end()
  const stamp = asked.isModern ? STAMP : {}
  const capabilities = { tools: {} }
  const results: Readonly<Record<string, object>> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities,
      serverInfo: { name: 'hostile', version: '1' },
    },
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities, ...stamp },
    'tools/list': { tools: [goodTool('echo')], ...stamp },
    'tools/call': { ...toolResult('fine'), ...stamp },
  }
  answerWith(asked, response, results[asked.method] ?? stamp)
}
