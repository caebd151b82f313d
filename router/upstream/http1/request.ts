// A request to a replica as it goes out, in one piece where it is small: each write costs as much as several kilobytes of copying.
import { UpstreamFault } from './faults.ts'

export interface Request {
  readonly method: 'POST' | 'DELETE' | 'GET'
  readonly path: string
  /** Lines of the head, each ended by CR LF; the host, the length and the connection are not among them. */
  readonly fieldLines: string
  readonly body: Buffer | undefined
  /** For the final head, in milliseconds after the request was written; 0: whoever asks has a limit of its own. */
  readonly firstByteMs: number
  /** Between two pieces of the body; 0: as above. */
  readonly idleMs: number
}

/** From this size on a body goes out beside its head and is not copied behind it. */
const LARGE_BODY = 16_384
/** What a request line can hold; a space would end it early, and a line break begin another request. */
const PATH = /^\/[\x21-\x7e]*$/

/** What is written one after another; text is a letter a byte. */
export type Pieces = ReadonlyArray<Buffer | string>

/** Throws `INVALID_REQUEST`. `host`: as in the URL of the replica. */
export function piecesOf(request: Request, host: string): Pieces {
  const { body } = request
  const head = headTextOf(request, host)
  if (body === undefined) return [head]
  // As text a small body is copied once, into the memory that the kernel reads.
  return body.length < LARGE_BODY ? [head + body.toString('latin1')] : [head, body]
}

function headTextOf({ method, path, fieldLines, body }: Request, host: string): string {
  if (!PATH.test(path))
    throw new UpstreamFault('INVALID_REQUEST', `${JSON.stringify(path)} is no path of a replica`)
  const begin = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${fieldLines}`
  const length = body?.length ?? 0
  // A request without a body says so only where one would be expected (RFC 9110, 8.6).
  return body === undefined && method !== 'POST'
    ? `${begin}\r\n`
    : `${begin}content-length: ${length}\r\n\r\n`
}
