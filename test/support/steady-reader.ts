// Reads answers of known length over one kept connection, into memory that is used again and again: whoever gathers large ones measures the
// collection of his own garbage.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { RawRequest } from './raw-http.ts'

/** Of an answer, in bytes. */
const END = 16_384
const READ_BUFFER = Buffer.allocUnsafeSlow(262_144)

export interface SteadyAnswer {
  readonly bytes: number
  readonly ms: number
  /** Its last bytes as one-byte text. */
  readonly end: string
}

export class SteadyReader {
  readonly #host: string
  readonly #path: string
  readonly #socket: Socket
  readonly #tail = Buffer.alloc(END)
  #filled = 0
  #head: string | undefined = ''
  #bytes = 0
  #left = 0
  #answered: PromiseWithResolvers<void> | undefined

  constructor(url: string) {
    const { host, hostname, port, pathname } = new URL(url)
    this.#host = host
    this.#path = pathname
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: count => {
          this.#take(READ_BUFFER.subarray(0, count))
          return true
        },
      },
    })
    const fail = (error = new Error('the connection was closed')): void =>
      this.#answered?.reject(error)
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail())
  }

  async open(): Promise<void> {
    if (this.#socket.connecting) await once(this.#socket, 'connect')
  }

  /** One at a time. Rejects an answer that is no 200, or does not say how long it is. */
  async ask({ headers, body = '' }: RawRequest): Promise<SteadyAnswer> {
    const text = body.toString()
    const fields = { host: this.#host, 'content-length': Buffer.byteLength(text), ...headers }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#head = ''
    this.#bytes = this.#filled = 0
    this.#answered = Promise.withResolvers()
    const beganMs = performance.now()
    this.#socket.write(`POST ${this.#path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`)
    await this.#answered.promise
    const ms = performance.now() - beganMs
    return { bytes: this.#bytes, ms, end: this.#tail.toString('latin1', 0, this.#filled) }
  }

  close(): void {
    this.#answered = undefined
    this.#socket.destroy()
  }

  #take(piece: Buffer): void {
    const body = this.#head === undefined ? piece : this.#behindHead(piece)
    this.#bytes += body.length
    this.#left -= body.length
    this.#keep(body)
    if (this.#head === undefined && this.#left === 0) this.#answered?.resolve()
  }

  #behindHead(piece: Buffer): Buffer {
    const before = this.#head?.length ?? 0
    this.#head += piece.toString('latin1')
    const end = this.#head?.indexOf('\r\n\r\n') ?? -1
    if (end === -1) return piece.subarray(0, 0)
    const head = this.#head ?? ''
    const [, length] = /^HTTP\/1\.1 200 .*\r\ncontent-length: (\d+)\r\n/is.exec(`${head}\r\n`) ?? []
    if (length === undefined)
      this.#answered?.reject(new Error(`an answer of unknown length: ${head.slice(0, end)}`))
    this.#head = undefined
    this.#left = Number(length)
    return piece.subarray(end + 4 - before)
  }

  #keep(piece: Buffer): void {
    const last = piece.subarray(Math.max(0, piece.length - END))
    const kept = Math.min(this.#filled, END - last.length)
    this.#tail.copyWithin(0, this.#filled - kept, this.#filled)
    last.copy(this.#tail, kept)
    this.#filled = kept + last.length
  }
}
