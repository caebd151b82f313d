// Ends a connection so that the answer on it can still be read. One that is closed while bytes of the caller lie unread is reset,
// and a reset takes an answer away that was not read yet (RFC 9112, 9.6).
import type { Socket } from 'node:net'

/** Long enough for an answer to be read on the other side of the world; nothing of what comes meanwhile is read. */
const LINGER_MS = 1_000

/**
 * Says the last words, if any; gives the time after which it is to be closed. Where something lies unread, nothing more is read; else it is
 * read on until the other side ends, since what still came would reset it.
 */
export function endSlowly(socket: Socket, isUnread: boolean, lastWords = ''): number {
  if (isUnread) socket.pause()
  if (lastWords === '') socket.end()
  else socket.end(lastWords)
  return LINGER_MS
}
