// Puts the bytes of one side on a socket, in the pieces and at the pace of the case.
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { reset } from '#router/listeners/reset.ts'
import type { Sent } from './fuzz-case.ts'

/** Resolves when the last byte was written, or when the other side has left before. `later`: what is waited for before the end. */
export async function sendBytes(
  socket: Socket,
  sent: Sent,
  later?: () => Promise<unknown>,
): Promise<void> {
  for (const piece of sent.writes) {
    if (socket.destroyed || !socket.writable) return
    socket.write(piece, 'latin1')
    if (sent.pauseMs > 0) await pause(sent.pauseMs)
    else if (sent.writes.length > 1) await new Promise(resolve => setImmediate(resolve))
  }
  await later?.()
  if (sent.end.startsWith('finishes')) socket.end()
  if (sent.end === 'resets') reset(socket)
}

/** The words that stand for what is known only now, in whichever pieces they lie; what they add is in the last one. */
export function fill(sent: Sent, words: Readonly<Record<string, string>>): Sent {
  let text = sent.writes.join('')
  for (const [word, by] of Object.entries(words)) text = text.replaceAll(word, by)
  let from = 0
  const last = sent.writes.length - 1
  const writes = sent.writes.map(({ length }, index) =>
    index === last ? text.slice(from) : text.slice(from, (from += length)),
  )
  return { ...sent, writes }
}
