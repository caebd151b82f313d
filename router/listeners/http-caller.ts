// The caller's side of one exchange, on its connection: writes the answer, knows when the caller has left, and writes nothing after that.
import type { Socket } from 'node:net'
import type { Caller } from '#router/facts.ts'
import { type DateLine, fieldLines, statusLine } from './answer-head.ts'
import { reset } from './reset.ts'
import { takenBy } from './taken.ts'

/** Largest body that is copied to go out together with its headers. */
const ONE_WRITE = 16_384
const EVENT_STREAM = 'text/event-stream'
const LAST_CHUNK = '0\r\n\r\n'

/** What an answer must know of its connection, which carries no other one meanwhile. */
export interface Line {
  readonly socket: Socket
  /** What is answered is HEAD: no body follows, whatever the head says of one (RFC 9110, 9.3.2). */
  readonly isBodiless: boolean
  /** Whether the connection is kept for another request; asked once, when the head is written. */
  readonly staysAfterThis: () => boolean
  /** The answer is whole, and the kernel has it. */
  readonly answered: () => void
}

export interface CallerLimits {
  /** How long what is waiting for the caller may wait until it is read. */
  readonly drainMs: number
  readonly nowMs: () => number
  readonly date: DateLine
}

/** For so much that a caller takes it may keep us waiting for `drainMs` once more: a little now and then does not begin its time anew. */
const LEAST_TAKEN = 262_144
/** In that time what it took is looked at so often: what its kernel takes at first, whoever reads, gives one who does not no second time. */
const LOOKS = 10

export class HttpCaller implements Caller {
  bytesOut = 0
  status = 0
  isGone = false
  /** Header lines that each answer has, beside those it is given. */
  moreLines = ''
  readonly #line: Line
  readonly #limits: CallerLimits
  #stalled: NodeJS.Timeout | undefined
  #stalledSinceMs = 0
  /** How long it may still keep us waiting, and what it had taken when that was the whole time. */
  #patienceMs: number
  #takenBefore = 0
  #gone: (() => void) | undefined
  #isEnded = false
  #isStream = false

  constructor(line: Line, limits: CallerLimits) {
    this.#line = line
    this.#limits = limits
    this.#patienceMs = limits.drainMs
    if (line.socket.destroyed) this.isGone = true
  }

  onGone(listener: () => void): void {
    this.#gone = listener
    if (this.isGone) listener()
  }

  onWritable(listener: () => void): void {
    if (this.#line.socket.writableLength > 0) this.#mustDrain() // what the kernel has taken needs no timer
    this.#line.socket.once('drain', () => {
      this.#hasDrained()
      listener()
    })
  }

  send(
    status: number,
    headers: Record<string, string>,
    body: Buffer | string | readonly Buffer[] = '',
  ): void {
    if (this.isGone) return
    const length = lengthOf(body)
    // Who answers 204 must not say a length (RFC 9110, 8.6).
    const head = this.#head(status, headers, status === 204 ? '' : `content-length: ${length}\r\n`)
    if (this.#line.isBodiless) this.#line.socket.write(head, 'latin1')
    else this.#whole(head, body, length)
    this.#end()
  }

  begin(status: number, headers: Record<string, string>): void {
    if (this.isGone) return
    this.#isStream = headers['content-type'] === EVENT_STREAM
    this.#line.socket.write(this.#head(status, headers, 'transfer-encoding: chunked\r\n'), 'latin1')
  }

  write(chunk: Buffer | string, isLent = false): boolean {
    if (this.isGone || this.#isEnded) return true
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    this.bytesOut += bytes.length
    const { socket, isBodiless } = this.#line
    if (bytes.length === 0 || isBodiless) return true // an empty chunk would be the last
    const size = `${bytes.length.toString(16)}\r\n`
    if (isLent || bytes.length <= ONE_WRITE)
      return socket.write(`${size}${bytes.toString('latin1')}\r\n`, 'latin1')
    socket.cork()
    socket.write(size, 'latin1')
    socket.write(bytes)
    const hasRoom = socket.write('\r\n', 'latin1')
    socket.uncork()
    return hasRoom
  }

  end(): void {
    if (this.isGone || this.#isEnded) return
    if (!this.#line.isBodiless) this.#line.socket.write(LAST_CHUNK, 'latin1')
    this.#end()
  }

  cut(): void {
    if (this.#isEnded) return // its answer is whole, and the connection may carry the next one
    this.#gone = undefined // what follows is our own doing, not the caller's leaving
    this.isGone = true
    this.#line.socket.destroy()
  }

  dismiss(): void {
    if (this.isGone || this.#isEnded) return
    // A stream of events may end without an answer; any other body would be taken for one.
    const isBegun = this.status !== 0
    if (!isBegun) this.begin(200, { 'content-type': EVENT_STREAM })
    if (this.#isStream) this.end()
    else this.#line.socket.destroy()
    this.#leave()
  }

  /** The caller reads no more, or the connection is gone, before the answer was told to be taken. What is whole may still be on its way. */
  lineEnded(isClosed: boolean): void {
    if (isClosed) clearTimeout(this.#stalled)
    if (this.#isEnded && !isClosed) return
    // Nothing more is written that would find out whether it reads what waits.
    if (!isClosed && this.#line.socket.writableLength > 0) this.#mustDrain()
    this.#leave()
  }

  /** As one-byte text a small body leaves in the same write as the head; as a buffer it would cost a vectored one. */
  #whole(head: string, body: Buffer | string | readonly Buffer[], length: number): void {
    const { socket } = this.#line
    this.bytesOut += length
    if (typeof body === 'string' && length === body.length) socket.write(head + body, 'latin1')
    else if (length <= ONE_WRITE) socket.write(head + bytesOf(body).toString('latin1'), 'latin1')
    else {
      socket.cork()
      socket.write(head, 'latin1')
      for (const piece of piecesOf(body)) socket.write(piece)
      socket.uncork()
    }
  }

  #head(status: number, headers: Record<string, string>, framing: string): string {
    // Whoever reads the connection would take it for the answer to the next request.
    if (this.status !== 0) throw new Error('a second answer to one request')
    const lines = fieldLines(headers)
    this.status = status
    const connection = this.#line.staysAfterThis() ? KEPT : CLOSED
    return `${statusLine(status)}${lines}${this.moreLines}${this.#limits.date.text}${connection}${framing}\r\n`
  }

  #end(): void {
    this.#isEnded = true
    const { socket } = this.#line
    if (socket.writableLength === 0) {
      this.#answered()
      return
    }
    this.#mustDrain() // small answers fill a connection as well as a large one
    socket.write('', () => this.#answered())
  }

  #answered(): void {
    if (this.#line.socket.destroyed) return
    this.#hasDrained()
    this.#line.answered()
  }

  /** What waits for a caller who does not read is memory that nobody else can use. */
  #mustDrain(): void {
    this.#hasDrained()
    this.#begunAnew()
    this.#wait()
  }

  #wait(): void {
    const waitMs = Math.min(this.#patienceMs, this.#limits.drainMs / LOOKS)
    this.#stalledSinceMs = this.#limits.nowMs()
    this.#stalled = setTimeout(() => {
      // One large answer drains once, at its end: whoever reads it steadily is seen here alone.
      if (!this.#begunAnew()) this.#patienceMs -= waitMs
      if (this.#patienceMs > 0) this.#wait()
      // Reset: after an orderly end the kernel would keep what it holds, and go on offering it to one who does not read.
      else reset(this.#line.socket)
    }, waitMs)
  }

  /** Whether it has taken so much since that its time begins again. */
  #begunAnew(): boolean {
    const taken = takenBy(this.#line.socket)
    if (taken - this.#takenBefore < LEAST_TAKEN) return false
    this.#takenBefore = taken
    this.#patienceMs = this.#limits.drainMs
    return true
  }

  #hasDrained(): void {
    if (this.#stalled === undefined) return
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#patienceMs -= this.#limits.nowMs() - this.#stalledSinceMs
  }

  #leave(): void {
    this.isGone = true
    const listener = this.#gone
    this.#gone = undefined
    listener?.()
  }
}

const lengthOf = (body: Buffer | string | readonly Buffer[]): number =>
  typeof body === 'string'
    ? Buffer.byteLength(body)
    : isPieces(body)
      ? body.reduce((sum, { length }) => sum + length, 0)
      : body.length

const isPieces = (body: Buffer | readonly Buffer[]): body is readonly Buffer[] =>
  Array.isArray(body)

const piecesOf = (body: Buffer | string | readonly Buffer[]): readonly Buffer[] =>
  typeof body !== 'string' && isPieces(body) ? body : [bytesOf(body)]

const bytesOf = (body: Buffer | string | readonly Buffer[]): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : isPieces(body) ? Buffer.concat(body) : body

const KEPT = 'connection: keep-alive\r\n'
const CLOSED = 'connection: close\r\n'
