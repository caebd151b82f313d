// One connection of a caller. One request at a time: what is sent on behind it waits, unread, until it is answered, so that no answer can
// be taken for another's, and nothing behind a refusal is looked at. Everything that could be read in two ways ends the connection.
import type { Socket } from 'node:net'
import type { DeadlineWheel, Spoke } from '#router/deadlines/deadline-wheel.ts'
import { ChunkedBody } from '#router/http1/chunked-body.ts'
import { LineBlock } from '#router/http1/line-block.ts'
import { Malformed, malformed } from '#router/http1/malformed.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { BodyReader, type BodyRules, tooLarge } from './body-reader.ts'
import type { BodyRoom } from './body-room.ts'
import { type CallerLimits, HttpCaller, type Line } from './http-caller.ts'
import { endSlowly } from './linger.ts'
import { lengthOf, type RequestHead, requestHeadOf } from './request-head.ts'
import { reset } from './reset.ts'
import { shareReads } from './shared-reads.ts'

/** Then the caller connects anew, and may reach another router behind the same address. */
export const MOST_REQUESTS = 1_000
/** Kept of what is sent on before the answer has come; then nothing more is read until it has. */
const MOST_BEHIND = 65_536
/** Passed over before a request line (RFC 9112, 2.2). Each could take as long as a head: without end they would keep a connection for ever. */
const MOST_EMPTY_LINES = 4

/** A request of which the head has come. */
export interface Request {
  readonly head: RequestHead
  readonly caller: HttpCaller
  readonly socket: Socket
  /** When its head had come, on the monotonic clock. */
  readonly arrivedMs: number
}

/**
 * What becomes of a body that nobody wants. `skip`: it is read and thrown away. `skip_if_here`: if it has come already; otherwise the
 * connection ends, as with `close`.
 */
export type Unwanted = 'skip' | 'skip_if_here' | 'close'

/** What becomes of a request by its head. */
export type Admission = 'read' | { readonly answer: () => void; readonly thenBody: Unwanted }

export interface ConnectionPorts extends CallerLimits {
  readonly wheel: DeadlineWheel
  readonly headersMs: number
  readonly requestMs: number
  readonly keepMs: number
  readonly body: BodyRules & { readonly room: BodyRoom }
  /** Whether the connection may be kept; asked with each answer. */
  readonly mayStay: () => boolean
  /** Nothing is served any more: no connection outlives its answer. */
  readonly isClosed: () => boolean
  readonly admit: (request: Request) => Admission
  readonly handle: (request: Request, body: Buffer) => void
  /** Of a body that is not read on. */
  readonly refuse: (request: Request, refusal: Refusal) => void
  /** It brought no request that can be read, or not in time. */
  readonly broken: (why: BrokenRequest) => void
  readonly closed: (connection: CallerConnection) => void
}

/** Closed set: a metric label. */
export type BrokenRequest = 'malformed' | 'too_large' | 'timeout' | 'tunnel'

const NOTHING = Buffer.alloc(0)

export class CallerConnection implements Line, Spoke {
  dueMs = 0
  slot: Set<Spoke> | undefined
  isBodiless = false
  readonly socket: Socket
  readonly #ports: ConnectionPorts
  readonly #lines = new LineBlock('')
  #requests = 0
  #request: Request | undefined
  #phase: 'head' | 'body' | 'answer' | 'over' = 'head'
  #beganMs = 0
  #emptyLines = 0
  /** Of a body that nobody wants, still to come. */
  #toSkip = 0
  #body: BodyReader | undefined
  /** Bytes of the body that are to come, or what finds its end. */
  #left: number | ChunkedBody = 0
  #behind: Buffer | undefined
  /** No other request is read on it. */
  #isLast = false
  /** There may be something to read that nobody will. */
  #isUnread = false
  #isReading = false

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.socket = socket
    this.#ports = ports
    shareReads(socket, bytes => this.#take(bytes))
    socket.on('end', () => {
      this.#isLast = true // it has left: what it had sent on is for nobody
      this.#request?.caller.lineEnded(false)
    })
    socket.on('error', () => undefined) // it closes, and that is told
    socket.on('close', () => this.#closed())
    this.#ports.wheel.move(this, ports.nowMs() + ports.headersMs)
  }

  /** Nothing was asked, or everything was answered. */
  get isIdle(): boolean {
    return this.#phase === 'head' && !this.#lines.isBegun
  }

  staysAfterThis(): boolean {
    if (!this.#ports.mayStay()) this.#isLast = true
    return !this.#isLast
  }

  answered(): void {
    this.#request = undefined
    if (this.#isLast || this.#ports.isClosed()) {
      this.#endSlowly(this.#isUnread || this.#behind !== undefined)
      return
    }
    this.#phase = 'head'
    this.#ports.wheel.move(this, this.#ports.nowMs() + this.#ports.keepMs)
    if (this.#behind !== undefined) this.#readOn()
  }

  fire(): void {
    if (this.#phase === 'answer') return
    if (this.#phase === 'over') this.socket.destroy()
    else if (this.#phase === 'head' && !this.#lines.isBegun && this.#toSkip === 0) {
      // Nothing was asked for long. Closed in order, the kernel would go on offering what was never read, up to 4 MB of answers.
      if (this.#requests > 0) reset(this.socket)
      else this.socket.destroy()
    } else this.#break('timeout', '408 Request Timeout')
  }

  /** The bytes are lent: what is kept of them is copied. */
  #take(bytes: Buffer): void {
    if (this.#phase === 'over' || (this.#phase === 'answer' && this.#isLast)) {
      this.#isUnread = true
      return
    }
    this.#behind = this.#behind === undefined ? bytes : Buffer.concat([this.#behind, bytes])
    this.#readOn()
    if (this.#behind?.buffer === bytes.buffer) this.#behind = Buffer.from(this.#behind)
  }

  /** Reads what is there as far as it may be read now. An answer that is given at once goes on here, and not one call deeper. */
  #readOn(): void {
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#behind !== undefined && (this.#phase === 'head' || this.#phase === 'body')) {
        const bytes = this.#behind
        this.#behind = undefined
        const end = this.#phase === 'head' ? this.#readHead(bytes) : this.#readBody(bytes)
        if (end < bytes.length) this.#behind = bytes.subarray(end)
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      if (error.isTooLarge) this.#break('too_large', '431 Request Header Fields Too Large')
      else this.#break('malformed', '400 Bad Request')
    } finally {
      this.#isReading = false
    }
    const isFull = (this.#behind?.length ?? 0) >= MOST_BEHIND
    if (isFull !== this.socket.isPaused() && this.#phase !== 'over') {
      if (isFull) this.socket.pause()
      else this.socket.resume()
    }
  }

  /** Says how far it has read. */
  #readHead(bytes: Buffer): number {
    const from = Math.min(this.#toSkip, bytes.length)
    this.#toSkip -= from
    if (from === bytes.length) return from
    const { nowMs, headersMs } = this.#ports
    const wasBegun = this.#lines.isBegun
    if (!wasBegun) this.#beganMs = nowMs()
    const end = this.#lines.read(bytes, from, bytes.length)
    if (end === -1) {
      if (!wasBegun) this.#ports.wheel.move(this, this.#beganMs + headersMs)
      return bytes.length
    }
    const { text } = this.#lines
    if (text === EMPTY_LINE) {
      this.#emptyLines += 1
      if (this.#emptyLines > MOST_EMPTY_LINES)
        throw malformed('empty lines stand where a request should')
      return end
    }
    this.#emptyLines = 0
    this.#begun(requestHeadOf(text), {
      here: bytes.length - end,
      arrivedMs: wasBegun ? nowMs() : this.#beganMs,
    })
    return end
  }

  /** `here`: how many bytes have come behind the head. */
  #begun(head: RequestHead, { here, arrivedMs }: { here: number; arrivedMs: number }): void {
    if (head.method === 'CONNECT') return this.#break('tunnel', '405 Method Not Allowed')
    this.#requests += 1
    if (this.#requests === MOST_REQUESTS) this.#endBehind()
    const { connection } = head.headers
    if (connection !== undefined && CLOSES.test(connection)) this.#isLast = true
    this.isBodiless = head.method === 'HEAD'
    const caller = new HttpCaller(this, this.#ports)
    const request = { head, caller, socket: this.socket, arrivedMs }
    this.#request = request
    this.#phase = 'answer'
    const admission = this.#ports.admit(request)
    const length = lengthOf(head)
    if (admission === 'read') return this.#expect(request, length, here)
    const { thenBody, answer } = admission
    // Who waited for a 100 may never send the body (RFC 9110, 10.1.1): the next request would be taken for it.
    const mayCome = thenBody === 'skip' && head.headers['expect'] === undefined
    const isSkipped = typeof length === 'number' && (length <= here || mayCome)
    if (thenBody === 'close' || !isSkipped) this.#endBehind()
    else this.#toSkip = length
    answer()
  }

  #expect(request: Request, length: number | 'chunked', here: number): void {
    const { maxBodyBytes } = this.#ports.body
    if (length === 0) return this.#ports.handle(request, NOTHING)
    if (length !== 'chunked' && length > maxBodyBytes)
      return this.#refuse(request, tooLarge(maxBodyBytes))
    this.#phase = 'body'
    this.#left = length === 'chunked' ? new ChunkedBody() : length
    if (request.head.headers['expect'] !== undefined && here === 0)
      this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
    if (here === 0) this.#ports.wheel.move(this, this.#beganMs + this.#ports.requestMs)
  }

  /** Says how far it has read. */
  #readBody(bytes: Buffer): number {
    const left = this.#left
    if (typeof left !== 'number') {
      const end = left.read(bytes, 0, bytes.length)
      this.#keep(bytes.subarray(left.dataStart, left.dataEnd), left.isWhole)
      return end
    }
    const end = Math.min(left, bytes.length)
    this.#left = left - end
    if (end === left && this.#body === undefined) this.#whole(Buffer.from(bytes.subarray(0, end)))
    else this.#keep(bytes.subarray(0, end), end === left)
    return end
  }

  #keep(chunk: Buffer, isWhole: boolean): void {
    if (this.#body === undefined) {
      const declared = typeof this.#left === 'number' ? this.#left + chunk.length : undefined
      this.#body = new BodyReader(declared, this.#ports.body)
      this.#ports.wheel.move(this, this.#beganMs + this.#ports.requestMs)
    }
    const refusal = this.#body.take(chunk)
    if (refusal !== undefined) this.#refuse(this.#request as Request, refusal)
    else if (isWhole) this.#whole(this.#body.whole())
  }

  #whole(body: Buffer): void {
    this.#body = undefined
    this.#phase = 'answer'
    this.#ports.handle(this.#request as Request, body)
  }

  #refuse(request: Request, refusal: Refusal): void {
    this.#body = undefined
    this.#phase = 'answer'
    this.#endBehind()
    this.#ports.refuse(request, refusal)
  }

  /** The connection ends with the answer to this request, whatever stands behind it. */
  #endBehind(): void {
    this.#isLast = true
    this.#isUnread = true
  }

  #break(why: BrokenRequest, status: string): void {
    this.#ports.broken(why)
    this.#endSlowly(true, `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  }

  #endSlowly(isUnread: boolean, lastWords?: string): void {
    this.#phase = 'over'
    const lingerMs = endSlowly(this.socket, isUnread, lastWords)
    this.#ports.wheel.move(this, this.#ports.nowMs() + lingerMs)
  }

  #closed(): void {
    this.#phase = 'over'
    this.#ports.wheel.delete(this)
    this.#body?.close()
    this.#request?.caller.lineEnded(true)
    this.#ports.closed(this)
  }
}

const EMPTY_LINE = '\r\n'
const CLOSES = /(?:^|[,\s])close(?:$|[,\s])/i
