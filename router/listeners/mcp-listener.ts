// The port that assistants call: limits on size, time and count, Host and Origin, then bytes in and one exchange out.
// Replies are hijacked: fastify routes and reads, the path writes.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { systemClock, systemRandom } from '#foundation/clock.ts'
import type { RefusalCode } from '#foundation/refusals.ts'
import type { Arrived } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { capPerAddress } from './address-cap.ts'
import { type AdmissionPorts, admission } from './admission.ts'
import { type AllowList } from './allow-list.ts'
import { type BodyRules, RefusedBody, readBody } from './body-reader.ts'
import { BodyRoom } from './body-room.ts'
import { HttpCaller } from './http-caller.ts'
import { endSlowly, lingerAtEnd } from './linger.ts'
import { Parting } from './parting.ts'
import { Pipelines } from './pipelines.ts'

declare module 'fastify' {
  interface FastifyRequest {
    arrivedMs: number
  }
}

export interface McpListenerOptions extends BodyRules, Pick<AdmissionPorts, 'shed' | 'wasShed'> {
  readonly host: string
  readonly port: number
  readonly allow: AllowList
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly keepAliveMs?: number
  readonly defaultServer: string
  /** Whether there is a virtual server of this name: where there is none, no body is received. */
  readonly isOffered: (serverName: string) => boolean
  /** False: a new connection is closed at once. */
  readonly mayConnect: () => boolean
  /** Runs the whole path; never rejects. */
  readonly handle: (arrived: Arrived) => void
  /** A request that never reaches the path is answered and recorded all the same. */
  readonly refuseEarly: (arrived: Arrived, refusal: Refusal) => void
  /** A connection that never became a request. */
  readonly brokenRequest: (code: string) => void
  /** A connection on top of as many as there may be, closed already. */
  readonly droppedConnection: () => void
}

export interface McpListener {
  readonly url: string
  /** Serves on for so long; in the second half its answers end their connections, one after another. */
  readonly partWays: (overMs: number) => Promise<void>
  /** Refuses at once, and stops listening after `graceMs`: until then whoever comes is told in words. */
  readonly drain: (graceMs: number) => Promise<void>
  /** Breaks what is left. */
  readonly close: () => Promise<void>
}

const HEADER_BYTES = 16_384
/** Longer than a caller's usual pause, so that it is the caller who closes. */
const KEEP_ALIVE_MS = 72_000
/** All that are late by then are closed in one turn of the loop: a look at thousands costs less than closing a few hundred at once. */
const CHECK_EVERY_MS = 100
/** Long enough for the event loop to accept what has connected by now. */
const ACCEPT_MS = 50
/** Pace at which idle connections are closed while draining. */
const SWEEP_MS = 50
/** For long bodies while they are received: sixty-four of the usual limit. Without it, as many as there are connections. */
const ROOM_BYTES = 268_435_456
const NOTHING = Buffer.alloc(0)

interface ListenerState {
  isDraining: boolean
  readonly parting: Parting
  readonly pipelines: Pipelines
  /** Requests that the path has been given. */
  readonly begun: WeakSet<IncomingMessage>
}

export async function openMcpListener(options: McpListenerOptions): Promise<McpListener> {
  const state: ListenerState = {
    isDraining: false,
    parting: new Parting(systemClock.nowMs, systemRandom),
    pipelines: new Pipelines(),
    begun: new WeakSet(),
  }
  const app = createApp(options, state)
  app.server.maxConnections = options.maxConnections
  app.server.on('drop', () => options.droppedConnection())
  capPerAddress(app.server, options)
  // Nothing was asked for long. Closed in order, the kernel would go on offering what was never read, up to 4 MB of answers.
  app.server.on('timeout', (socket: Socket) => socket.resetAndDestroy())
  // Node would answer these itself, go on or keep the connection; the guard knows better.
  for (const event of ['checkContinue', 'checkExpectation'])
    app.server.on(event, (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', (_request, socket) => {
    options.brokenRequest('CONNECT') // Node would close it without a word
    socket.on('error', () => socket.destroy()) // Node has let go of it, and nobody else would listen
    endSlowly(socket as Socket, lastWords('405 Method Not Allowed'))
  })
  app.server.maxHeadersCount = 0 // Node would leave out what is over it, unseen; the guard counts instead
  await app.listen({ host: options.host, port: options.port })
  const { address, port, family } = app.server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    partWays: async overMs => {
      state.parting.begin(overMs / 2, overMs / 2)
      await pause(overMs)
    },
    drain: async graceMs => {
      state.isDraining = true
      if (state.parting.hasBegun) state.parting.beginLastCalls(app.server)
      // Closing resets who has connected and is not accepted yet, with a call perhaps that was sent before the drain began:
      // who comes meanwhile is accepted, and refused in words.
      await pause(ACCEPT_MS)
      if ((await connectionsOf(app.server)) > 0) await pause(graceMs)
      state.parting.endLastCalls()
      const closed = new Promise<void>(resolve => {
        // Node's own `close` would also break idle connections, and with them requests that are on their way.
        NetServer.prototype.close.call(app.server, () => resolve())
      })
      // Again and again: a connection becomes idle when the call that held it ends.
      const sweep = (): void => {
        app.server.closeIdleConnections()
        timer = setTimeout(sweep, SWEEP_MS)
      }
      let timer = setTimeout(sweep)
      await closed
      clearTimeout(timer)
    },
    close: async () => {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

const connectionsOf = (server: FastifyInstance['server']): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )

/** `onBadPath`: one that cannot be decoded never reaches the hooks; fastify would answer it in words of its own, and leave no line of it. */
const bareApp = (
  options: McpListenerOptions,
  state: ListenerState,
  onBadPath: (request: FastifyRequest, reply: FastifyReply) => void,
): FastifyInstance =>
  fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveMs ?? KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    http: {
      headersTimeout: Math.min(options.headersTimeoutMs, options.requestTimeoutMs),
      maxHeaderSize: HEADER_BYTES,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      requireHostHeader: false, // Node would refuse it, and go on with what is pipelined behind it; the guard does not
    },
    routerOptions: { maxParamLength: HEADER_BYTES },
    frameworkErrors: (_error, request, reply) => onBadPath(request, reply),
    clientErrorHandler: (error, socket) =>
      answerBroken(options, state, { code: error.code ?? 'unknown', socket }),
  })

function createApp(options: McpListenerOptions, state: ListenerState): FastifyInstance {
  const app = bareApp(options, state, (request, reply) =>
    admit(request, reply, () => refuse(request, reply, { code: 'RINGMAIN_UNKNOWN_PATH' })),
  )
  const serverOf = ({ params }: FastifyRequest): string =>
    (params as { server?: string } | null)?.server ?? options.defaultServer
  const limits = {
    mayStay: () => !state.isDraining && state.parting.mayStay(),
    drainMs: options.writeTimeoutMs,
    nowMs: systemClock.nowMs,
  }
  const callerOf = (request: FastifyRequest, reply: FastifyReply): HttpCaller =>
    new HttpCaller(request.raw, reply.raw, limits)
  const arrivedOf = (request: FastifyRequest, reply: FastifyReply, body: Buffer): Arrived => ({
    verb: request.method as Arrived['verb'],
    serverName: serverOf(request),
    headers: request.raw.headers,
    body,
    caller: callerOf(request, reply),
    arrivedMs: request.arrivedMs,
  })
  const refuse: Refuse = (request, reply, refusal) => {
    reply.hijack()
    if (reply.raw.headersSent || reply.raw.destroyed) return
    // What has not been read yet would stand before the next request, and what two parsers may read differently has no next one.
    if (isToCome(request.raw) || ENDING.includes(refusal.code))
      state.pipelines.endWith(request.raw, reply.raw)
    options.refuseEarly(arrivedOf(request, reply, NOTHING), refusal)
  }
  const { pipelines } = state
  const isDraining = (socket: Socket): boolean =>
    state.isDraining && !state.parting.isLastCall(socket)
  const told = { serverOf, callerOf, refuse }
  const { nowMs } = systemClock
  const admit = admission({ ...options, ...told, pipelines, isDraining, nowMs })
  app.decorateRequest('arrivedMs', 0)
  app.addHook('onRequest', (request, reply, next) => {
    request.arrivedMs = systemClock.nowMs() // what its body takes to come is of its own time
    admit(request, reply, next)
  })
  guard(app, options, refuse)
  const handler = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack()
    if (request.raw.socket.writableEnded) return // it has been refused with what is behind it
    state.begun.add(request.raw)
    options.handle(
      arrivedOf(request, reply, Buffer.isBuffer(request.body) ? request.body : NOTHING),
    )
  }
  for (const url of ['/mcp', '/mcp/:server']) {
    app.route({ method: ['POST', 'GET', 'DELETE'], url, handler })
  }
  return app
}

const isToCome = ({ complete, headers }: IncomingMessage): boolean =>
  !complete &&
  (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')

const ENDING: readonly RefusalCode[] = [
  'RINGMAIN_AMBIGUOUS_REQUEST',
  'RINGMAIN_HTTP_VERSION_REFUSED',
  'RINGMAIN_TOO_MANY_HEADERS',
]

/** The answer that Node has attached to a connection; its own handling of such errors looks at the same place. */
type Answering = Socket & { readonly _httpMessage?: ServerResponse | null }

function answerBroken(
  options: McpListenerOptions,
  state: ListenerState,
  { code, socket }: { readonly code: string; readonly socket: Answering },
): void {
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    socket.destroy() // the caller has left, and its exchange knows
    return
  }
  options.brokenRequest(code)
  const answer = socket._httpMessage ?? undefined
  // Written into an answer, or in place of one to a call that runs, words would be taken for its result.
  const isRunning = answer !== undefined && (answer.headersSent || state.begun.has(answer.req))
  if (!socket.writable) socket.destroy()
  else if (answer?.writableEnded === true)
    endSlowly(socket) // it has been given, and is yet to be read
  else if (isRunning && code === BEHIND_THE_LAST) lingerAtEnd(socket)
  else if (isRunning) socket.destroy()
  // A request before it that was read whole, but that nobody has looked at yet, is refused with it.
  else endSlowly(socket, lastWords(STATUS_OF[code] ?? '400 Bad Request'))
}

/** What follows on a request with `Connection: close` is not to be processed, and takes nothing from its answer (RFC 9112, 9.6). */
const BEHIND_THE_LAST = 'HPE_CLOSED_CONNECTION'

const lastWords = (status: string): string =>
  `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`

type Refuse = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => void

function guard(app: FastifyInstance, options: McpListenerOptions, refuse: Refuse): void {
  const room = new BodyRoom(Math.max(ROOM_BYTES, options.maxBodyBytes))
  const rules: BodyRules & { readonly room: BodyRoom } = { ...options, room }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, _payload, done) =>
    readBody(request.raw, rules, done),
  )
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof RefusedBody) return refuse(request, reply, error.refusal)
    const { code = '' } = error as { readonly code?: string }
    refuse(request, reply, { code: REFUSAL_OF[code] ?? 'RINGMAIN_INVALID_REQUEST' })
  })
}

const REFUSAL_OF: Readonly<Record<string, RefusalCode>> = Object.freeze({
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE',
})

const STATUS_OF: Readonly<Record<string, string>> = Object.freeze({
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
})
