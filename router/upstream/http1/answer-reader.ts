// Reads the answers of one connection, one after the other, from bytes that come in pieces of any size. Strict: what another reader could
// understand otherwise is refused, and with it the connection.
import { ChunkedBody } from '#router/http1/chunked-body.ts'
import { LineBlock } from '#router/http1/line-block.ts'
import { Malformed, malformed } from '#router/http1/malformed.ts'
import { UpstreamFault } from './faults.ts'
import { type Head, headOf } from './head.ts'

/** Answers of status 1xx that may come before the one that counts: each costs a head, and none says anything to a caller. */
const MOST_INFORMAL = 8

/** `bytes` are lent: the listener's own only until it returns. */
export interface AnswerListener {
  readonly onHead: (head: Head) => void
  readonly onData: (bytes: Buffer) => void
}

export class AnswerReader {
  readonly #listener: AnswerListener
  readonly #head = new LineBlock('HTTP/1.')
  #body: Head['body'] | ChunkedBody | 'not_begun' = 'not_begun'
  #informal = 0
  #isWhole = false

  constructor(listener: AnswerListener) {
    this.#listener = listener
  }

  /** The head that counts has come. */
  get hasHead(): boolean {
    return this.#body !== 'not_begun'
  }

  /** The last byte has come. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** So far, of the answer that is under way. */
  get informal(): number {
    return this.#informal
  }

  /** The next answer may come. */
  begin(): void {
    this.#body = 'not_begun'
    this.#informal = 0
    this.#isWhole = false
  }

  /**
   * Reads up to the end of the answer and says where that is. The bytes may be changed, and are not kept. Throws `MALFORMED_ANSWER`,
   * and after that it is of no more use.
   */
  read(bytes: Buffer, to: number): number {
    try {
      return this.#read(bytes, to)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      throw new UpstreamFault('MALFORMED_ANSWER', error.message)
    }
  }

  #read(bytes: Buffer, to: number): number {
    let at = 0
    while (this.#body === 'not_begun') {
      const end = this.#head.read(bytes, at, to)
      if (end === -1) return to
      at = end
      this.#take(headOf(this.#head.text))
    }
    return this.#readBody(bytes, at, to)
  }

  /** The connection has ended; true when the answer is whole by that. */
  close(): boolean {
    if (this.#body === 'until_closed') this.#isWhole = true
    return this.#isWhole
  }

  #take(head: Head): void {
    if (head.status === 101) throw malformed('it changes to a protocol that nobody asked for')
    if (head.status < 200) {
      this.#informal += 1
      if (this.#informal > MOST_INFORMAL)
        throw malformed(
          `more than ${MOST_INFORMAL} answers of status ${head.status} and no final one`,
        )
      return
    }
    this.#body = head.body === 'chunked' ? new ChunkedBody() : head.body
    this.#listener.onHead(head)
  }

  #readBody(bytes: Buffer, from: number, to: number): number {
    const body = this.#body
    if (body instanceof ChunkedBody) {
      const end = body.read(bytes, from, to)
      this.#isWhole = body.isWhole
      this.#tell(bytes, body.dataStart, body.dataEnd)
      return end
    }
    const end = typeof body === 'number' ? Math.min(to, from + body) : to
    if (typeof body === 'number') {
      this.#body = body - (end - from)
      this.#isWhole = this.#body === 0
    }
    this.#tell(bytes, from, end)
    return end
  }

  #tell(bytes: Buffer, from: number, to: number): void {
    if (from < to) this.#listener.onData(bytes.subarray(from, to))
  }
}
