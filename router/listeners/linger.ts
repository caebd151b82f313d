// Ends a connection so that the answer on it can still be read. One that is closed while bytes of the caller lie unread is reset,
// and a reset takes an answer away that was not read yet (RFC 9112, 9.6).
import type { Socket } from 'node:net'

/** Long enough for an answer to be read on the other side of the world; nothing of what comes meanwhile is read. */
export const LINGER_MS = 1_000

/** Says the last words, if any, and reads nothing more. */
export function endSlowly(socket: Socket, lastWords = ''): void {
  socket.pause()
  if (lastWords === '') socket.end()
  else socket.end(lastWords)
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}
