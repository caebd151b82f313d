// The least that stands in front of several routers: a TCP balancer that sends each new connection to one that says it is ready, and
// leaves those that stand alone.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Backend {
  readonly mcpUrl: string
  readonly adminUrl: string
}

export interface Balancer {
  readonly url: string
  /** In the place of all before. */
  readonly use: (backends: readonly Backend[]) => void
  /** Resolves once so many of them are given connections. */
  readonly ready: () => number
  readonly close: () => Promise<void>
}

const ASK_EVERY_MS = 100

export async function startBalancer(): Promise<Balancer> {
  let backends: readonly Backend[] = []
  const ready = new Set<Backend>() // bounded by the backends
  const open = new Set<Socket>()
  let turn = 0
  const asking = setInterval(() => {
    for (const backend of backends) void isReady(backend).then(is => note(backend, is))
  }, ASK_EVERY_MS)
  const note = (backend: Backend, is: boolean): void =>
    void (is && backends.includes(backend) ? ready.add(backend) : ready.delete(backend))
  const server = createServer({ noDelay: true }, near => {
    keep(open, near)
    const candidates = [...ready]
    turn += 1
    join(near, open, [...candidates.slice(turn % candidates.length), ...candidates])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    use: next => {
      backends = next
      for (const backend of ready) if (!next.includes(backend)) ready.delete(backend)
    },
    ready: () => ready.size,
    close: async () => {
      clearInterval(asking)
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}

async function isReady({ adminUrl }: Backend): Promise<boolean> {
  try {
    return (await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    return false // nobody there, or no answer in time
  }
}

/** The first that takes the connection has it. */
function join(near: Socket, open: Set<Socket>, [backend, ...others]: readonly Backend[]): void {
  if (backend === undefined) {
    near.destroy()
    return
  }
  const far = connect(Number(new URL(backend.mcpUrl).port), '127.0.0.1')
  keep(open, far)
  far.setNoDelay(true)
  let isJoined = false
  far.once('connect', () => {
    isJoined = true
    near.pipe(far)
    far.pipe(near)
  })
  far.once('close', () => {
    if (isJoined) near.end()
    else join(near, open, others)
  })
  near.once('close', () => far.destroy())
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket)
  socket.on('error', () => undefined) // `close` follows
  socket.once('close', () => open.delete(socket))
}
