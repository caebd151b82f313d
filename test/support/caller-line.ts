// Connections of callers on a port of their own, and for each request the caller's side of it, to be answered by the test.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { DateLine } from '#router/listeners/answer-head.ts'
import { BodyRoom } from '#router/listeners/body-room.ts'
import { CallerConnection } from '#router/listeners/caller-connection.ts'
import type { HttpCaller } from '#router/listeners/http-caller.ts'

export interface CallerExchange {
  readonly caller: HttpCaller
  readonly connection: Socket
}

export interface CallerLines {
  readonly port: number
  /** The first that is opened. */
  readonly opened: Promise<Socket>
  /** One for each request, as they come. */
  readonly next: () => Promise<CallerExchange>
}

export async function callerLines(
  t: TestContext,
  {
    mayStay = true,
    drainMs = 10_000,
    nowMs = () => performance.now(),
  }: {
    readonly mayStay?: boolean
    readonly drainMs?: number
    readonly nowMs?: () => number
  } = {},
): Promise<CallerLines> {
  const come: CallerExchange[] = []
  let isAwaited: (() => void) | undefined
  const open = new Set<CallerConnection>()
  const opened = Promise.withResolvers<Socket>()
  const ports = {
    nowMs,
    drainMs,
    wheel: new DeadlineWheel(nowMs),
    date: new DateLine(() => 1_000),
    headersMs: 60_000,
    requestMs: 60_000,
    keepMs: 600_000,
    body: { maxBodyBytes: 1_000, misreadBeginning: () => undefined, room: new BodyRoom(1_000) },
    mayStay: () => mayStay,
    isClosed: () => false,
    admit: () => 'read' as const,
    handle: ({ caller, socket }: { readonly caller: HttpCaller; readonly socket: Socket }) => {
      come.push({ caller, connection: socket })
      isAwaited?.()
    },
    refuse: () => undefined,
    broken: () => undefined,
    closed: (connection: CallerConnection) => void open.delete(connection),
  }
  const server = createServer({ noDelay: true }, socket => {
    open.add(new CallerConnection(socket, ports))
    opened.resolve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const { socket } of open) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    opened: opened.promise,
    next: async () => {
      if (come.length === 0) await new Promise<void>(resolve => (isAwaited = resolve))
      return come.shift() as CallerExchange
    },
  }
}
