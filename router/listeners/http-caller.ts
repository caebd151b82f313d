// The caller's side of one HTTP exchange, on Node's own response: knows when the caller has left, and never writes after that.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Caller } from '#router/facts.ts'

/** Largest body that is copied to go out together with its headers. */
const ONE_WRITE = 16_384
const EVENT_STREAM = 'text/event-stream'

export interface CallerLimits {
  /** False: the connection is not kept for another request. */
  readonly mayStay: () => boolean
  /** How long what is waiting for the caller may wait until it is read. */
  readonly drainMs: number
  readonly nowMs: () => number
}

/** For so much that a caller takes it may keep us waiting for `drainMs` once more: a little now and then does not begin its time anew. */
const LEAST_TAKEN = 262_144

export class HttpCaller implements Caller {
  bytesOut = 0
  status = 0
  isGone = false
  readonly #response: ServerResponse
  readonly #limits: CallerLimits
  #stalled: NodeJS.Timeout | undefined
  #stalledSinceMs = 0
  /** How long it may still keep us waiting, and what it had taken when that was the whole time. */
  #patienceMs: number
  #takenBefore = 0
  #gone: (() => void) | undefined
  #isEnded = false
  #isStream = false

  constructor(request: IncomingMessage, response: ServerResponse, limits: CallerLimits) {
    this.#response = response
    this.#limits = limits
    this.#patienceMs = limits.drainMs
    response.on('close', () => {
      clearTimeout(this.#stalled)
      if (this.#isEnded && response.writableFinished) return
      this.#leave()
    })
    if (request.socket.destroyed) this.isGone = true
  }

  onGone(listener: () => void): void {
    this.#gone = listener
    if (this.isGone) listener()
  }

  onWritable(listener: () => void): void {
    this.#mustDrain()
    this.#response.once('drain', () => {
      this.#hasDrained()
      listener()
    })
  }

  send(status: number, headers: Record<string, string>, body: Buffer | string = ''): void {
    if (this.isGone) return
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    // Who answers 204 must not say a length (RFC 9110, 8.6).
    this.#head(status, status === 204 ? headers : { ...headers, 'content-length': String(length) })
    this.bytesOut += length
    this.#isEnded = true
    // As one-byte text a small body leaves in the same write as the headers; as a buffer it would cost a vectored one.
    if (typeof body !== 'string' && length <= ONE_WRITE)
      this.#response.end(body.toString('latin1'), 'latin1')
    else this.#response.end(body)
    // Small answers fill a connection as well as a large one; what the kernel has taken needs no timer.
    if (this.#response.socket?.writableLength !== 0) this.#mustDrain()
  }

  begin(status: number, headers: Record<string, string>): void {
    if (this.isGone) return
    this.#isStream = headers['content-type'] === EVENT_STREAM
    this.#head(status, headers)
    this.#response.flushHeaders()
  }

  write(chunk: Buffer | string): boolean {
    if (this.isGone) return true
    this.bytesOut += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    return this.#response.write(chunk)
  }

  end(): void {
    if (this.isGone) return
    this.#isEnded = true
    this.#response.end()
    if (this.#response.writableLength > 0) this.#mustDrain()
  }

  cut(): void {
    this.#gone = undefined // what follows is our own doing, not the caller's leaving
    this.isGone = true
    this.#break()
  }

  dismiss(): void {
    if (this.isGone || this.#isEnded) return
    this.#isEnded = true
    // A stream of events may end without an answer; any other body would be taken for one.
    const isBegun = this.status !== 0
    if (!isBegun) this.#head(200, { 'content-type': EVENT_STREAM })
    if (isBegun && !this.#isStream) this.#break()
    else {
      this.#response.end()
      if (this.#response.writableLength > 0) this.#mustDrain()
    }
    this.#leave()
  }

  /** What waits for a caller who does not read is memory that nobody else can use. */
  #mustDrain(): void {
    this.#inTurn(socket => {
      this.#hasDrained()
      const taken = this.bytesOut - this.#response.writableLength
      if (taken - this.#takenBefore >= LEAST_TAKEN) {
        this.#takenBefore = taken
        this.#patienceMs = this.#limits.drainMs
      }
      this.#stalledSinceMs = this.#limits.nowMs()
      // Reset: after an orderly end the kernel would keep what it holds, and go on offering it to one who does not read.
      this.#stalled = setTimeout(() => socket.resetAndDestroy(), this.#patienceMs)
    })
  }

  #hasDrained(): void {
    if (this.#stalled === undefined) return
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#patienceMs -= this.#limits.nowMs() - this.#stalledSinceMs
  }

  #break(): void {
    this.#inTurn(socket => socket.destroy())
  }

  /** Until its turn has come the connection carries another answer, which is none of its business. */
  #inTurn(act: (socket: Socket) => void): void {
    const { socket } = this.#response
    if (socket === null) this.#response.once('socket', act)
    else act(socket)
  }

  #leave(): void {
    this.isGone = true
    const listener = this.#gone
    this.#gone = undefined
    listener?.()
  }

  #head(status: number, headers: Record<string, string>): void {
    this.status = status
    if (!this.#limits.mayStay()) this.#response.shouldKeepAlive = false
    this.#response.writeHead(status, headers)
  }
}
