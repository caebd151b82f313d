// A TCP proxy that does to connections what a bad network does: toxics of each direction, links that are cut, a port where nobody listens.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Duplex, pipeline } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { type Random, systemRandom } from '#foundation/clock.ts'
import type { Link, Toxic } from './toxics.ts'

export interface Toxics {
  /** From whoever connects to the replica. */
  readonly there?: readonly Toxic[]
  readonly back?: readonly Toxic[]
}

export interface ChaosProxy {
  readonly port: number
  /** For connections that are made from now on; asked for each of them. */
  readonly set: (toxics: () => Toxics) => void
  /** None for new connections. */
  readonly clear: () => void
  /** Ends every connection that stands; with a reset. */
  readonly reset: () => void
  /** Nobody listens, and every connection is gone. */
  readonly down: () => Promise<void>
  /** Listens again, at the same port. */
  readonly up: () => Promise<void>
  /** Connections that stand. */
  readonly links: () => number
  /** Made so far. */
  readonly accepted: () => number
  readonly close: () => Promise<void>
}

export interface ProxyPorts {
  readonly random?: Random
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

const NO_TOXICS = (): Toxics => ({})
const realWait = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined)

export async function startChaosProxy(to: number, ports: ProxyPorts = {}): Promise<ChaosProxy> {
  const { random = systemRandom, wait = realWait } = ports
  const open = new Set<Joined>() // bounded by the sockets of this process
  let toxics = NO_TOXICS
  let accepted = 0
  const accept = (near: Socket): void => {
    accepted += 1
    const joined = join(near, to, { toxics: toxics(), random, wait })
    open.add(joined)
    joined.gone.addEventListener('abort', () => open.delete(joined), { once: true })
  }
  let server = await listen(0, accept)
  const { port } = server.address() as AddressInfo
  const reset = (): void => {
    for (const { link } of open) link.reset() // each leaves the set meanwhile, which a set allows
  }
  const down = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    reset()
    await closed
  }
  return {
    port,
    set: next => {
      toxics = next
    },
    clear: () => {
      toxics = NO_TOXICS
    },
    reset,
    down,
    up: async () => {
      if (!server.listening) server = await listen(port, accept)
    },
    links: () => open.size,
    accepted: () => accepted,
    close: down,
  }
}

async function listen(port: number, accept: (near: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

interface Joined {
  readonly link: Link
  readonly gone: AbortSignal
}

function join(
  near: Socket,
  to: number,
  { toxics, random, wait }: Required<ProxyPorts> & { readonly toxics: Toxics },
): Joined {
  const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const gone = new AbortController()
  const end = (how: (socket: Socket) => void): void => {
    if (gone.signal.aborted) return
    gone.abort()
    for (const socket of [near, far]) how(socket)
  }
  const link: Link = {
    random,
    wait: ms => wait(ms, gone.signal),
    close: () => setImmediate(() => setImmediate(() => end(socket => socket.destroySoon()))),
    reset: () => end(socket => socket.resetAndDestroy()),
    answer: bytes => void near.write(bytes),
  }
  for (const [from, into, stages] of [
    [near, far, toxics.there],
    [far, near, toxics.back],
  ] as const)
    through(
      from,
      into,
      (stages ?? []).map(toxic => Duplex.from(toxic(link))),
    )
  for (const socket of [near, far]) {
    socket.on('error', () => end(other => other.destroy()))
    socket.on('close', () => {
      if (near.destroyed && far.destroyed) gone.abort()
    })
  }
  return { link, gone: gone.signal }
}

/** An end passes on as an end; a break ends what follows. */
function through(from: Socket, into: Socket, stages: readonly Duplex[]): void {
  pipeline([from, ...stages, into], () => undefined)
}
