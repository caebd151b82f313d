// Ends a connection so that neither kernel goes on with what was not read.
import type { Socket } from 'node:net'

/**
 * A socket whose own end is on its way, which is for a turn of the loop, is closed in order: Node would lose it when it is reset just then
 * (libuv refuses with EINVAL), and neither close it nor tell that it is closed, nor let the process end.
 */
export function reset(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
  if (isEnding) socket.destroy()
  else socket.resetAndDestroy()
}
