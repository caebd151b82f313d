// Has the reads of an accepted connection go into memory that all of them share, so that a read allocates nothing: Node would take 64 KiB
// outside of V8's heap for each, and give most of it back. It offers that as `onread` to sockets that connect and not to those that are
// accepted, but does the same inside for both: where that is so is found out once, on a socket of our own that is never connected.
import { Socket } from 'node:net'

const READ_BUFFER = Buffer.allocUnsafeSlow(65_536)

type Take = (bytes: Buffer) => void

/** A property of a socket by its symbol; nothing is known of its type. */
type Insides = Record<symbol, unknown>

interface Places {
  readonly buffer: symbol
  readonly callback: symbol
}

function findPlaces(): Places | undefined {
  const callback = (): boolean => true
  const probe = new Socket({ onread: { buffer: READ_BUFFER, callback } })
  const insides = probe as unknown as Insides
  const symbols = Object.getOwnPropertySymbols(probe)
  probe.destroy()
  const placeOf = (value: unknown): symbol | undefined =>
    symbols.find(symbol => insides[symbol] === value)
  const found = { buffer: placeOf(READ_BUFFER), callback: placeOf(callback) }
  return found.buffer === undefined || found.callback === undefined ? undefined : (found as Places)
}

const PLACES = findPlaces()

/** Whether this Node can: otherwise each read has memory of its own, which costs more and changes nothing else. */
export const areReadsShared = PLACES !== undefined

/** From now on `take` is given what comes; the bytes are its own only until it returns. */
export function shareReads(socket: Socket, take: Take): void {
  const handle = (socket as unknown as { readonly _handle?: { useUserBuffer?: unknown } })._handle
  if (PLACES === undefined || typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', take)
    return
  }
  const insides = socket as unknown as Insides
  insides[PLACES.buffer] = READ_BUFFER
  insides[PLACES.callback] = (count: number) => {
    take(READ_BUFFER.subarray(0, count))
    return !socket.isPaused()
  }
  ;(handle.useUserBuffer as (buffer: Buffer) => void).call(handle, READ_BUFFER)
  socket.resume()
}
