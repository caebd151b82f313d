// A replica that speaks as a test says, byte for byte, and counts what is opened to it.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { afterReads, DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { createAddressGuard } from '#router/upstream/address-guard.ts'
import { guardedConnect } from '#router/upstream/guarded-connect.ts'
import { createHostLookup } from '#router/upstream/host-lookup.ts'
import { Outbox } from '#router/upstream/http1/outbox.ts'
import { ReplicaConnections } from '#router/upstream/http1/replica-connections.ts'

export interface RawReplica {
  readonly port: number
  /** Every one that was ever opened, in order. */
  readonly sockets: readonly Socket[]
  /** What was read, piece by piece as it came. */
  readonly said: readonly string[]
}

/** `answer` hears of each piece that comes in, with the number of its connection from 0. */
export async function rawReplica(
  t: TestContext,
  answer: (socket: Socket, connection: number) => void,
): Promise<RawReplica> {
  const sockets: Socket[] = []
  const said: string[] = []
  const server = createServer({ allowHalfOpen: false, noDelay: true }, socket => {
    const connection = sockets.push(socket) - 1
    socket.on('error', () => socket.destroy())
    socket.on('data', bytes => {
      said.push(bytes.toString('latin1'))
      answer(socket, connection)
    })
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, sockets, said }
}

/** The router's connections to it. `nowMs` decides what is over its time. */
export function connectionsTo(
  t: TestContext,
  port: number,
  nowMs: () => number = () => performance.now(),
): ReplicaConnections {
  const connect = guardedConnect({
    guard: createAddressGuard(['loopback']),
    resolve: createHostLookup(),
  })
  const target = { host: '127.0.0.1', port, isTls: false }
  const connections = new ReplicaConnections(
    `127.0.0.1:${port}`,
    connection => connect(target, connection),
    { nowMs, wheel: new DeadlineWheel(nowMs, 10, afterReads), outbox: new Outbox() },
  )
  t.after(() => connections.destroy())
  return connections
}

export const answer = (body: string, ...fields: readonly string[]): string =>
  ['HTTP/1.1 200 OK', `content-length: ${body.length}`, ...fields, '', body].join('\r\n')

export const closing = (socket: Socket): Promise<void> =>
  new Promise(resolve => socket.once('close', () => resolve()))
