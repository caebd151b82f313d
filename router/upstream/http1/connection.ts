// One connection to a replica, and one request at a time on it. Reads go into memory that all connections share, so that a read allocates
// nothing: whatever is kept of it is copied out before the next. A connection whose bytes cannot be trusted is closed and never used again.
import type { OnReadOpts, Socket } from 'node:net'
import type { DeadlineWheel, Spoke } from '#router/deadlines/deadline-wheel.ts'
import { type AnswerListener, AnswerReader } from './answer-reader.ts'
import { closedHere, UpstreamFault } from './faults.ts'
import { type Head, KEEP_UNTOLD_MS } from './head.ts'
import type { Pieces, Request } from './request.ts'

/** What an exchange may ask of its connection, while it lasts. */
export interface Control {
  /** What has been read already still comes. */
  readonly pause: () => void
  readonly resume: () => void
  /** While nobody expects more of the answer silence is no fault. */
  readonly rest: (isResting: boolean) => void
  /** Closes the connection; nothing more is heard of it. */
  readonly abort: () => void
}

/** Hears of one request, in this order; the last call is `onEnd` or `onFailed`, after which nothing comes. */
export interface ResponseHandler {
  /** It will be written now; false: nobody wants it any more, and it is not. */
  readonly onStart: (control: Control) => boolean
  readonly onHead: (head: Pick<Head, 'status' | 'fields'>) => void
  /** The bytes are lent: what is kept of them is copied before it returns. */
  readonly onData: (bytes: Buffer) => void
  readonly onEnd: () => void
  readonly onFailed: (error: Error) => void
}

/** Whoever waits for a socket, and hears of one of both, once. */
export interface Connecting {
  /** Where its reads go. */
  readonly onread?: OnReadOpts
  readonly open: (socket: Socket) => void
  readonly fail: (error: Error) => void
}

export interface ConnectionPorts {
  readonly nowMs: () => number
  /** One tick for the limits of all connections. */
  readonly wheel: DeadlineWheel
  /** It may take another request, until `dueMs`. */
  readonly onIdle: (connection: Connection) => void
  /** Called once. */
  readonly onClosed: (connection: Connection) => void
}

interface Outgoing {
  readonly pieces: Pieces
  readonly request: Request
}

/** For every read of the process: a read is dealt with before the next begins. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536)

export class Connection implements Connecting, Control, AnswerListener, Spoke {
  dueMs = 0
  slot: Set<Spoke> | undefined
  readonly onread: OnReadOpts = { buffer: READ_BUFFER, callback: bytes => this.#read(bytes) }
  readonly #ports: ConnectionPorts
  readonly #reader = new AnswerReader(this)
  #socket: Socket | undefined
  #handler: ResponseHandler | undefined
  /** Goes out as soon as there is a socket. */
  #waiting: Outgoing | undefined
  #firstByteMs = 0
  #idleMs = 0
  #keepMs = KEEP_UNTOLD_MS
  #hasLimit = false
  /** When what comes of this answer was first left waiting here: from then on its server may have been through with it. */
  #heldSinceMs: number | undefined
  #isPaused = false
  #isResting = false
  #isClosed = false

  constructor(ports: ConnectionPorts) {
    this.#ports = ports
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The request goes out once there is a socket. */
  await(outgoing: Outgoing, handler: ResponseHandler): void {
    this.#waiting = outgoing
    this.#handler = handler
  }

  /** The socket that was waited for. */
  open(socket: Socket): void {
    this.#socket = socket
    if (this.#waiting === undefined || this.#handler === undefined) {
      socket.destroy() // it was given up meanwhile
      return
    }
    socket.on('error', error => this.fail(error))
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#ended())
    const [outgoing, handler] = [this.#waiting, this.#handler]
    this.#waiting = undefined
    this.#handler = undefined
    if (!this.send(outgoing, handler)) this.#becomeIdle()
  }

  /** False: nobody wanted it any more, nothing was written, and the connection may take another one. */
  send({ pieces, request }: Outgoing, handler: ResponseHandler): boolean {
    if (!handler.onStart(this)) return false
    this.#handler = handler
    this.#firstByteMs = request.firstByteMs
    this.#idleMs = request.idleMs
    this.#reader.begin()
    this.#heldSinceMs = undefined
    this.#isResting = false
    const socket = this.#socket as Socket
    if (pieces.length > 1) socket.cork()
    for (const piece of pieces) socket.write(piece, 'latin1')
    if (pieces.length > 1) socket.uncork()
    this.#limit(request.firstByteMs)
    return true
  }

  pause(): void {
    this.#isPaused = true
    this.#heldSinceMs ??= this.#ports.nowMs()
    this.#socket?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  rest(isResting: boolean): void {
    if (this.#isResting && !isResting) this.#limit(this.#idleMs)
    this.#isResting = isResting
  }

  abort(): void {
    this.#handler = undefined
    this.#close()
  }

  /** Gives up what is under way on it, too. */
  destroy(): void {
    if (this.#handler === undefined) this.#close()
    else this.fail(closedHere())
  }

  /** What is under way on it hears of it; a connection that could not be made fails, too. */
  fail(error: Error): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#close()
    handler?.onFailed(error)
  }

  fire(): void {
    if (!this.#hasLimit) return
    const handler = this.#handler
    if (handler === undefined) this.#close()
    else if (!this.#reader.hasHead) this.fail(this.#late())
    else if (this.#isPaused || this.#isResting) this.#limit(this.#idleMs)
    else {
      const words = `nothing more of the answer came for ${this.#idleMs} ms`
      this.fail(new UpstreamFault('IDLE_TIMEOUT', words))
    }
  }

  onHead(head: Head): void {
    this.#keepMs = head.keepMs
    this.#handler?.onHead(head)
  }

  onData(bytes: Buffer): void {
    this.#handler?.onData(bytes)
  }

  #read(count: number): boolean {
    if (this.#handler === undefined) {
      this.#close() // an answer before its question would be taken for the answer to the next
      return false
    }
    const hadHead = this.#reader.hasHead
    try {
      const end = this.#reader.read(READ_BUFFER, count)
      if (this.#isClosed) return false
      if (this.#reader.isWhole) this.#answered(end === count)
      else if (this.#reader.hasHead) this.#hear(hadHead)
    } catch (error) {
      if (!(error instanceof UpstreamFault)) throw error
      this.fail(error)
    }
    return !this.#isClosed
  }

  #hear(hadHead: boolean): void {
    if (!hadHead || this.#idleMs > 0) this.#limit(this.#idleMs)
  }

  /** `isAll`: nothing came behind it. */
  #answered(isAll: boolean): void {
    const handler = this.#handler
    this.#handler = undefined
    // An answer that came before the whole of its request leaves the rest of that on the connection.
    if (!isAll || this.#keepMs === 0 || this.#socket?.writableLength !== 0) this.#close()
    else {
      if (this.#isPaused) this.resume()
      this.#becomeIdle()
    }
    handler?.onEnd()
  }

  #becomeIdle(): void {
    const heldSinceMs = this.#heldSinceMs
    if (heldSinceMs === undefined) {
      this.#limit(this.#keepMs)
      this.#ports.onIdle(this)
      return
    }
    const leftMs = this.#keepMs - (this.#ports.nowMs() - heldSinceMs)
    if (leftMs <= 0) return this.#close()
    this.#limit(leftMs)
    // Its end may stand behind the answer already: nothing else goes out on it until the loop has looked once more.
    setImmediate(() => setImmediate(() => this.#offer()))
  }

  #offer(): void {
    if (!this.#isClosed) this.#ports.onIdle(this)
  }

  #ended(): void {
    const handler = this.#handler
    if (handler === undefined) this.#close()
    else if (this.#reader.close()) {
      this.#handler = undefined
      this.#close()
      handler.onEnd()
    } else
      this.fail(
        new UpstreamFault('CLOSED_EARLY', 'the other side closed before its answer was whole'),
      )
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ports.wheel.delete(this)
    this.#socket?.destroy()
    this.#ports.onClosed(this)
  }

  /** 0: whoever asks has a limit of its own. It stays on the wheel meanwhile: most calls end before it is looked at. */
  #limit(ms: number): void {
    this.#hasLimit = ms > 0
    if (ms > 0) this.#ports.wheel.move(this, this.#ports.nowMs() + ms)
  }

  #late(): UpstreamFault {
    const { informal } = this.#reader
    const words = `no final answer within ${this.#firstByteMs} ms${informal > 0 ? ', only some of status 1xx' : ''}`
    return new UpstreamFault('FIRST_BYTE_TIMEOUT', words)
  }
}
