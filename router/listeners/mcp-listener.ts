// The port that assistants call: limits on size, time and count, Host and Origin, then bytes in and one exchange out.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, systemRandom } from '#foundation/clock.ts'
import { afterReads, DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import type { Arrived } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { capPerAddress } from './address-cap.ts'
import { type AdmissionPorts, admission, serverIn } from './admission.ts'
import { DateLine } from './answer-head.ts'
import type { BodyRules } from './body-reader.ts'
import { BodyRoom } from './body-room.ts'
import {
  type BrokenRequest,
  CallerConnection,
  type ConnectionPorts,
  type Request,
} from './caller-connection.ts'
import { Parting } from './parting.ts'

export interface McpListenerOptions
  extends BodyRules,
    Pick<AdmissionPorts, 'allow' | 'defaultServer' | 'isOffered' | 'shed' | 'wasShed'> {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly keepAliveMs?: number
  /** False: a new connection is closed at once. */
  readonly mayConnect: () => boolean
  /** Runs the whole path; never rejects. */
  readonly handle: (arrived: Arrived) => void
  /** A request that never reaches the path is answered and recorded all the same. */
  readonly refuseEarly: (arrived: Arrived, refusal: Refusal) => void
  /** A connection that never became a request. */
  readonly brokenRequest: (why: BrokenRequest) => void
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

/** Longer than a caller's usual pause, so that it is the caller who closes. */
const KEEP_ALIVE_MS = 72_000
/** All that are late by then are closed in one turn of the loop. */
const LOOK_EVERY_MS = 100
/** Long enough for the event loop to accept what has connected by now. */
const ACCEPT_MS = 50
/** For long bodies while they are received: sixty-four of the usual limit. Without it, as many as there are connections. */
const ROOM_BYTES = 268_435_456
const NOTHING = Buffer.alloc(0)

interface ListenerState {
  isDraining: boolean
  /** Nobody is accepted any more. */
  isClosed: boolean
  readonly parting: Parting
  /** Those that are open; bounded by `maxConnections`. */
  readonly connections: Set<CallerConnection>
}

export async function openMcpListener(options: McpListenerOptions): Promise<McpListener> {
  const state: ListenerState = {
    isDraining: false,
    isClosed: false,
    parting: new Parting(systemClock.nowMs, systemRandom),
    connections: new Set(),
  }
  const ports = portsOf(options, state)
  const server = createServer({ noDelay: true })
  server.maxConnections = options.maxConnections
  server.on('drop', () => options.droppedConnection())
  server.on('connection', (socket: Socket) => {
    if (!socket.destroyed) state.connections.add(new CallerConnection(socket, ports))
  })
  capPerAddress(server, options)
  server.listen({ host: options.host, port: options.port })
  await once(server, 'listening')
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    partWays: async overMs => {
      state.parting.begin(overMs / 2, overMs / 2)
      await pause(overMs)
    },
    drain: graceMs => drain(server, state, graceMs),
    close: async () => {
      for (const { socket } of state.connections) socket.destroy()
      await closed(server)
    },
  }
}

async function drain(server: Server, state: ListenerState, graceMs: number): Promise<void> {
  const { parting, connections } = state
  state.isDraining = true
  if (parting.hasBegun) parting.beginLastCalls(server)
  // Closing resets who has connected and is not accepted yet, with a call perhaps that was sent before the drain began:
  // who comes meanwhile is accepted, and refused in words.
  await pause(ACCEPT_MS)
  if (connections.size > 0) await pause(graceMs)
  parting.endLastCalls()
  state.isClosed = true
  const ended = closed(server)
  for (const connection of connections) if (connection.isIdle) connection.socket.destroy()
  await ended
}

/** Resolves when the last connection has ended, too. */
const closed = (server: Server): Promise<void> =>
  new Promise(resolve => server.close(() => resolve()))

function portsOf(options: McpListenerOptions, state: ListenerState): ConnectionPorts {
  const { nowMs, wallMs } = systemClock
  const { parting, connections } = state
  const arrivedOf = ({ head, caller, socket, arrivedMs }: Request, body: Buffer): Arrived => ({
    verb: head.method as Arrived['verb'],
    serverName: serverIn(head.url, options.defaultServer) ?? options.defaultServer,
    headers: head.headers,
    body,
    caller,
    from: socket.remoteAddress ?? '',
    arrivedMs,
  })
  const refuse = (request: Request, refusal: Refusal): void =>
    options.refuseEarly(arrivedOf(request, NOTHING), refusal)
  return {
    nowMs,
    wheel: new DeadlineWheel(nowMs, LOOK_EVERY_MS, afterReads),
    date: new DateLine(wallMs),
    headersMs: Math.min(options.headersTimeoutMs, options.requestTimeoutMs),
    requestMs: options.requestTimeoutMs,
    keepMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
    drainMs: options.writeTimeoutMs,
    body: { ...options, room: new BodyRoom(Math.max(ROOM_BYTES, options.maxBodyBytes)) },
    isClosed: () => state.isClosed,
    mayStay: () => !state.isDraining && parting.mayStay(),
    admit: admission({
      ...options,
      nowMs,
      refuse,
      isDraining: socket => state.isDraining && !parting.isLastCall(socket),
    }),
    handle: (request, body) => options.handle(arrivedOf(request, body)),
    refuse,
    broken: options.brokenRequest,
    closed: connection => connections.delete(connection),
  }
}
