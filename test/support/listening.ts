// An MCP listener on a port of its own, with a path that notes what reached it, and raw connections to it.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { shapeOf } from '#foundation/refusals.ts'
import type { Arrived } from '#router/facts.ts'
import { createAllowList } from '#router/listeners/allow-list.ts'
import { type McpListener, openMcpListener } from '#router/listeners/mcp-listener.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { type RawRequest, rawRequest } from './raw-http.ts'

export interface Listening {
  readonly listener: McpListener
  readonly port: number
  /** What reached the path. */
  readonly arrived: Arrived[]
  /** Refusals before the path, with the words of the case. */
  readonly refused: string[]
  /** The virtual servers of requests that were shed. */
  readonly shed: string[]
  readonly broken: string[]
  /** How many connections there was no room for. */
  readonly dropped: () => number
  readonly ask: (path: string, request?: RawRequest) => Promise<string>
}

export interface ListeningOptions {
  readonly handle?: (arrived: Arrived) => void
  readonly requestTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly maxBodyBytes?: number
  readonly misreadBeginning?: (beginning: Buffer) => Refusal | undefined
  readonly isOffered?: (serverName: string) => boolean
  readonly shed?: (serverName: string) => Refusal | undefined
  readonly mayConnect?: () => boolean
  readonly maxConnections?: number
  readonly maxConnectionsPerAddress?: number
  readonly writeTimeoutMs?: number
  readonly keepAliveMs?: number
}

export const JSON_TYPE = { 'content-type': 'application/json' }

export async function listening(
  t: TestContext,
  options: ListeningOptions = {},
): Promise<Listening> {
  const arrived: Arrived[] = []
  const refused: string[] = []
  const shed: string[] = []
  const broken: string[] = []
  let dropped = 0
  const listener = await openMcpListener({
    host: '127.0.0.1',
    port: 0,
    allow: createAllowList(['127.0.0.1', 'localhost'], []),
    maxBodyBytes: options.maxBodyBytes ?? 1_000,
    misreadBeginning: options.misreadBeginning ?? (() => undefined),
    maxConnections: options.maxConnections ?? 100,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? 100,
    headersTimeoutMs: options.headersTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
    writeTimeoutMs: options.writeTimeoutMs ?? 10_000,
    defaultServer: 'default',
    isOffered: options.isOffered ?? (() => true),
    shed: name => {
      const code = options.shed?.(name)?.code
      return code && { status: shapeOf(code).http, headers: { 'x-code': code }, body: code }
    },
    wasShed: name => void shed.push(name),
    mayConnect: options.mayConnect ?? (() => true),
    handle: one => {
      arrived.push(one)
      if (options.handle === undefined) one.caller.send(200, {}, 'taken')
      else options.handle(one)
    },
    refuseEarly: (one, { code, says }) => {
      refused.push(says === undefined ? code : `${code} ${says}`)
      one.caller.send(shapeOf(code).http, { 'x-code': code }, code)
    },
    brokenRequest: code => void broken.push(code),
    droppedConnection: () => {
      dropped += 1
    },
  })
  t.after(() => listener.close())
  return {
    listener,
    port: Number(new URL(listener.url).port),
    arrived,
    refused,
    shed,
    broken,
    dropped: () => dropped,
    ask: async (path, request = {}) => {
      const answer = await rawRequest(`${listener.url}${path}`, request)
      const text = answer.body.toString()
      const isLast = request.agent !== undefined && answer.headers.connection === 'close'
      return `${answer.status} ${text}${isLast ? ' and closes' : ''}`
    },
  }
}

export const post = (
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): RawRequest => ({
  headers: { ...JSON_TYPE, ...headers },
  body,
})

/** Raw bytes out, and everything that comes back until the other side closes. */
export async function raw(
  port: number,
  text: string,
): Promise<{ readonly socket: Socket; readonly all: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  const all = new Promise<string>(resolve =>
    socket.once('close', () => resolve(Buffer.concat(chunks).toString())),
  )
  socket.write(text)
  return { socket, all }
}
