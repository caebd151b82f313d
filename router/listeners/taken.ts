// How much of what was written to a socket the kernel has taken. Node counts a write as pending until its last byte is with the kernel, were
// it a hundred megabytes; what of it waits is known to the handle below, which Node asks for the same reason (`socket.setTimeout`).
import type { Socket } from 'node:net'

interface Handle {
  readonly bytesWritten?: unknown
  readonly writeQueueSize?: unknown
}

/** In bytes, over the life of the socket; in whole writes where this Node does not tell more. */
export function takenBy(socket: Socket): number {
  const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle
  const { bytesWritten, writeQueueSize } = handle ?? {}
  return typeof bytesWritten === 'number' && typeof writeQueueSize === 'number'
    ? bytesWritten - writeQueueSize
    : socket.bytesWritten - socket.writableLength
}
