// Writes to a caller at its pace: what waits for it stops the upstream.
import type { Caller, Relay } from '#router/facts.ts'

/** From this size on, in bytes, a write of its own costs less than a copy. */
const LARGE_PIECE = 16_384

export interface Paced {
  /** `isLent`: its bytes stay as they are only until the next flush. */
  readonly write: (piece: Buffer, isLent?: boolean) => void
  readonly flush: () => void
  /** The caller has not taken what it was given. */
  readonly isFull: () => boolean
  /** `afterMs`: so long nothing more should be read, whatever the caller takes. */
  readonly mayGoOn: (afterMs?: number) => boolean
}

/**
 * Writes that stop the upstream when the caller's buffer is full, and let it go on when it has drained. What one piece of the upstream
 * makes goes out in one: a piece may hold a thousand small events, and each write would cost as much as all of them.
 */
export function paced(caller: Caller, relay: Relay): Paced {
  let isFull = false
  let isPausing = false
  let pieces: Buffer[] = [] // no longer than a piece of the upstream and what was held of the one before
  let areLent = false
  const flush = (): void => {
    if (pieces.length === 0) return
    const taken = joined(pieces)
    pieces = []
    let mayGoOn = true
    for (const piece of taken) mayGoOn = caller.write(piece, areLent)
    areLent = false
    if (mayGoOn || isFull) return
    isFull = true
    caller.onWritable(() => {
      isFull = false
      if (!isPausing) relay.body.resume()
    })
  }
  const pause = (ms: number): void => {
    isPausing = true
    const timer = setTimeout(() => {
      isPausing = false
      if (!isFull) relay.body.resume()
    }, ms)
    timer.unref()
  }
  return {
    write: (piece, isLent = false) => {
      areLent ||= isLent
      pieces.push(piece)
    },
    flush,
    isFull: () => isFull,
    mayGoOn: (afterMs = 0) => {
      flush()
      if (afterMs > 0 && !isPausing) pause(afterMs)
      return !isFull && !isPausing
    },
  }
}

/** Large pieces go out as they are: a copy of each would be as much memory again. */
function joined(pieces: readonly Buffer[]): readonly Buffer[] {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return bytes / pieces.length >= LARGE_PIECE ? pieces : [Buffer.concat(pieces)]
}
