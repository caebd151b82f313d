// Faults that only HTTP knows, as toxics of the way back from a replica (or of the way there, where nothing shall arrive). They are for
// small answers that come in one piece, which those of a test do.
import type { Toxic } from './toxics.ts'

/** The head promises more bytes than come, and then the connection ends. */
export const lyingLength =
  (more = 10): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks) {
        const text = chunk.toString('latin1')
        const length = /content-length: (\d+)/i.exec(text)?.[1]
        const lie = `content-length: ${Number(length) + more}`
        yield Buffer.from(text.replace(/content-length: \d+/i, lie), 'latin1')
        if (length !== undefined) link.close()
      }
    }

/** What comes back is not HTTP. */
export const garbage = (): Toxic => link =>
  async function* (chunks) {
    for await (const chunk of chunks) {
      yield Buffer.from(chunk.map(() => 128 + Math.floor(link.random() * 128)))
      link.close()
    }
  }

/** The head of the answer and a little of its body, then the end. */
export const earlyClose = (): Toxic => link =>
  async function* (chunks) {
    for await (const chunk of chunks) {
      const body = chunk.indexOf('\r\n\r\n')
      yield body < 0 ? chunk : chunk.subarray(0, body + 5)
      link.close()
    }
  }

/** For the way there: a request is answered before it arrives, by something in front of the replica that is busy. */
export const unavailable =
  (status: 429 | 503 = 503): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks) {
        const head = `HTTP/1.1 ${status} Not Now\r\ncontent-length: 0\r\nretry-after: 1\r\n`
        link.answer(`${head}connection: close\r\n\r\n`)
        link.close()
        yield chunk.subarray(0, 0)
      }
    }

/** One byte at a time. */
export const slowDrip =
  (delayMs: number): Toxic =>
  link =>
    async function* (chunks) {
      for await (const chunk of chunks)
        for (let at = 0; at < chunk.length; at += 1) {
          yield chunk.subarray(at, at + 1)
          await link.wait(delayMs)
        }
    }
