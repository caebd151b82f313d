// How many connections one address may hold at once: a caller that opens them without end takes its own away, not everybody's.
// And whether there may be any new one at all.
import type { Server, Socket } from 'node:net'

export function capPerAddress(
  server: Server,
  options: {
    readonly maxConnectionsPerAddress: number
    readonly mayConnect: () => boolean
    readonly droppedConnection: () => void
  },
): void {
  const held = new Map<string, number>() // bounded by the connections that are open
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress
    if (address === undefined) return // it has closed already
    const count = held.get(address) ?? 0
    if (count >= options.maxConnectionsPerAddress || !options.mayConnect()) {
      options.droppedConnection()
      socket.destroy()
      return
    }
    held.set(address, count + 1)
    socket.once('close', () => {
      const left = (held.get(address) ?? 1) - 1
      if (left === 0) held.delete(address)
      else held.set(address, left)
    })
  })
}
