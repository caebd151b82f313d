// Both ends of a proxied wire: a server that says what a test wants, and a raw connection to it that keeps what comes back.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FarEnd {
  readonly port: number
  readonly heard: () => string
  readonly close: () => Promise<void>
}

/** Answers each piece that it hears. */
export async function startFarEnd(answer: (heard: string) => string): Promise<FarEnd> {
  const open = new Set<Socket>()
  let heard = ''
  const server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      socket.write(answer(chunk.toString('latin1')))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface NearEnd {
  readonly socket: Socket
  /** Resolves once so many bytes have come. */
  readonly bytes: (count: number) => Promise<string>
  readonly got: () => string
  /** How it ended: `end`, or the code of its error. */
  readonly ended: Promise<string>
}

export async function openNearEnd(port: number): Promise<NearEnd> {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  const ended = Promise.withResolvers<string>()
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1')
  })
  socket.on('error', (error: NodeJS.ErrnoException) => ended.resolve(error.code ?? error.message))
  socket.on('end', () => ended.resolve('end'))
  await once(socket, 'connect')
  return {
    socket,
    got: () => got,
    ended: ended.promise,
    bytes: async count => {
      while (got.length < count) await once(socket, 'data')
      return got
    },
  }
}
