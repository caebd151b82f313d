// A wire tap: passes every byte on as it is, and keeps what the one who connects sends, by connection.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpTee {
  readonly port: number
  /** One for each connection, in the order they were made. */
  readonly sent: () => readonly Buffer[]
  readonly close: () => Promise<void>
}

export async function startTee(to: number): Promise<TcpTee> {
  const kept: Buffer[][] = []
  const open = new Set<Socket>()
  const server = createServer(near => {
    const far = connect(to, '127.0.0.1')
    const chunks: Buffer[] = []
    kept.push(chunks)
    near.on('data', (chunk: Buffer) => chunks.push(chunk))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => kept.map(chunks => Buffer.concat(chunks)),
    close: async () => {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}
