// What can go wrong with the bytes of one direction of one connection, in Toxiproxy's words. Each toxic is a stage that the
// bytes pass; its time and chance are ports, so that a test decides both.
import type { Random } from '#foundation/clock.ts'

/** One connection through the proxy, as its toxics see it. */
export interface Link {
  /** Resolves after so many milliseconds, or at once when the link has gone. */
  readonly wait: (ms: number) => Promise<void>
  readonly random: Random
  /** Ends both sides as a process does that ends well, once what was let through has been written. */
  readonly close: () => void
  /** Ends both sides with a reset. */
  readonly reset: () => void
  /** Writes to whoever connected, past everything. */
  readonly answer: (bytes: string) => void
}

type Chunks = AsyncIterable<Buffer>

/** Made anew for each connection and direction; its end is the end of that direction. */
export type Toxic = (link: Link) => (chunks: Chunks) => Chunks

export const latency =
  (ms: number, jitterMs = 0): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks) {
        await link.wait(Math.max(0, ms + jitterMs * (2 * link.random() - 1)))
        yield chunk
      }
    }

export const bandwidth =
  (kilobytesPerSecond: number): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks) {
        await link.wait(chunk.length / kilobytesPerSecond)
        yield chunk
      }
    }

/** The end of the connection comes later than it was meant. */
export const slowClose =
  (delayMs: number): Toxic =>
  link =>
    async function* (chunks) {
      yield* chunks
      await link.wait(delayMs)
    }

/** Nothing goes through; after the time the connection is closed, with 0 never. */
export const timeout =
  (ms: number): Toxic =>
  link =>
    async function* (chunks) {
      if (ms > 0) void link.wait(ms).then(link.close)
      for await (const chunk of chunks) yield chunk.subarray(0, 0)
    }

/** From the first byte on the connection has so long to live; with 0 not even that byte goes through. */
export const resetPeer =
  (afterMs: number): Toxic =>
  link =>
    async function* (chunks) {
      let isBegun = false
      for await (const chunk of chunks) {
        if (!isBegun) void link.wait(afterMs).then(link.reset)
        isBegun = true
        if (afterMs > 0) yield chunk
      }
    }

/** Pieces of about this size, by up to `variation` more or less, with a pause after each. */
export const slicer =
  (size: number, variation: number, delayMs: number): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks)
        for (let at = 0; at < chunk.length; ) {
          const length = Math.max(1, Math.round(size + variation * (2 * link.random() - 1)))
          yield chunk.subarray(at, at + length)
          at += length
          if (at < chunk.length) await link.wait(delayMs)
        }
    }

/** So many bytes go through, then the connection is closed. */
export const limitData =
  (bytes: number): Toxic =>
  link =>
    async function* (chunks) {
      let left = bytes
      for await (const chunk of chunks) {
        if (left > 0) yield chunk.subarray(0, left)
        left -= chunk.length
        if (left <= 0) link.close()
      }
    }

/** Changes nothing; is told of each chunk. */
export const seen =
  (tell: (chunk: Buffer) => void): Toxic =>
  () =>
    async function* (chunks) {
      for await (const chunk of chunks) {
        tell(chunk)
        yield chunk
      }
    }
