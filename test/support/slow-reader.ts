// A caller that reads an answer at a pace of its own, down to none at all.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { RawRequest } from './raw-http.ts'

export interface SlowReader {
  readonly status: number
  readonly bytes: () => number
  /** Reads on, at most so many bytes a second where given; resolves with the count when the answer is whole. */
  readonly drain: (bytesPerSecond?: number) => Promise<number>
  readonly leave: () => void
}

/** Resolves once the head of the answer is there; reads nothing of the body. */
export function readSlowly(url: string, { headers = {}, body }: RawRequest): Promise<SlowReader> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers, agent: false }, response => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.pause()
      resolve({
        status: response.statusCode ?? 0,
        bytes: () => bytes,
        drain: async rate => {
          await (rate === undefined ? readAll(response) : readPaced(response, rate, () => bytes))
          return bytes
        },
        leave: () => request.destroy(),
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function readAll(response: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    response.on('end', resolve)
    response.on('error', reject)
    response.resume()
  })
}

/** Stops whenever it is ahead of its pace. */
async function readPaced(
  response: IncomingMessage,
  bytesPerSecond: number,
  bytes: () => number,
): Promise<void> {
  const beganMs = performance.now()
  const behind = (): void => {
    const dueMs = (bytes() / bytesPerSecond) * 1_000 - (performance.now() - beganMs)
    if (dueMs < 2) return
    response.pause()
    setTimeout(() => response.resume(), dueMs)
  }
  response.on('data', behind)
  await readAll(response)
}
