// Lines up to an empty one, as they come in, split anywhere: a head, or the trailers of a chunked body. What ends a line for some readers
// and not for others (a CR or LF that stands alone, or NUL) is refused: here at once where a block comes in pieces, and by whoever reads
// the lines where it comes whole.
import { Malformed, malformed } from './malformed.ts'

/** Largest block, in bytes, its empty line included. */
const MOST_BLOCK = 16_384
/** What is kept of a block that comes in pieces grows from here: thousands that never come whole are to cost little. */
const FIRST_KEPT = 512

const END = Buffer.from('\r\n\r\n')
const CR = 13
const LF = 10

export class LineBlock {
  /** What was read, once it is whole: it ends with an empty line, and has none before. */
  text = ''
  readonly #start: string
  /** Of earlier reads, while a block comes in pieces. */
  #kept: Buffer | undefined
  #length = 0
  #lineStart = 0
  #last = 0

  /** `start`: what a block must begin with, so that what is something else is refused before it has an end. */
  constructor(start: string) {
    this.#start = start
  }

  /** Some of a block has come, and it is not whole. */
  get isBegun(): boolean {
    return this.#length > 0
  }

  /** Where the block ends in `bytes`, or -1 where all of them are of it and it is not whole yet. Throws `Malformed`. */
  read(bytes: Buffer, from: number, to: number): number {
    if (this.#length === 0 && bytes[from] !== CR) {
      const end = bytes.indexOf(END, from) + END.length
      if (end >= END.length && end <= to && end - from <= MOST_BLOCK) {
        this.text = bytes.toString('latin1', from, end)
        return end
      }
    }
    return this.#readOn(bytes, from, to)
  }

  #readOn(bytes: Buffer, from: number, to: number): number {
    const before = this.#length - from
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number
      const place = before + at
      if (place < this.#start.length && byte !== this.#start.charCodeAt(place))
        throw malformed('it does not begin as HTTP/1 does')
      if ((byte === LF) !== (this.#last === CR))
        throw malformed('a CR or LF stands alone in the head or the trailers')
      if (byte === 0) throw malformed('NUL stands in the head or the trailers')
      if (place >= MOST_BLOCK)
        throw new Malformed(`a head or trailers of more than ${MOST_BLOCK} bytes`, true)
      this.#last = byte
      if (byte !== LF) continue
      if (place - this.#lineStart === 1) return this.#whole(bytes, from, at + 1)
      this.#lineStart = place + 1
    }
    this.#keep(bytes, from, to)
    return -1
  }

  #whole(bytes: Buffer, from: number, to: number): number {
    if (this.#length === 0) this.text = bytes.toString('latin1', from, to)
    else {
      this.#keep(bytes, from, to)
      this.text = (this.#kept as Buffer).toString('latin1', 0, this.#length)
      this.#kept = undefined
    }
    this.#length = 0
    this.#lineStart = 0
    this.#last = 0
    return to
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from
    if (this.#kept === undefined || this.#kept.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MOST_BLOCK, Math.max(FIRST_KEPT, 2 * length)))
      this.#kept?.copy(larger, 0, 0, this.#length)
      this.#kept = larger
    }
    bytes.copy(this.#kept, this.#length, from, to)
    this.#length = length
  }
}
