// A chunked body (RFC 9112, 7.1) as it comes in, split anywhere. What the chunks of one read hold is moved together in the memory that it
// was read into, so that a thousand small chunks are one piece for whoever reads on.

import { fieldsOf } from './fields.ts'
import { LineBlock } from './line-block.ts'
import { malformed } from './malformed.ts'

/** Longest line that says a size, its extensions included. */
const MOST_SIZE_LINE = 256
const FRAMING: readonly string[] = ['content-length', 'transfer-encoding']
/** The size in hexadecimal: exact as a number. */
const SIZE_LINE =
  /^([0-9A-Fa-f]{1,13})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t !#-[\]-~]*"))?)*$/

const CR = 13
const LF = 10

/** What the next byte is of, where it is of no chunk's content. */
type Framing = 'size' | 'size_lf' | 'data_cr' | 'data_lf'

export class ChunkedBody {
  /** Its last line has come. */
  isWhole = false
  /** Where the bytes of the read just taken that belong to the body begin and end. */
  dataStart = 0
  dataEnd = 0
  readonly #trailers = new LineBlock('')
  #state: Framing | 'data' | 'trailers' = 'size'
  #line = ''
  #left = 0

  /** Where the body ends in `bytes`, or `to`. Moves bytes within them; throws `Malformed`. */
  read(bytes: Buffer, from: number, to: number): number {
    this.dataStart = from
    this.dataEnd = from
    let at = from
    while (at < to) {
      if (this.#state === 'data') at = this.#data(bytes, at, to)
      else if (this.#state === 'trailers') return this.#trailersFrom(bytes, at, to)
      else {
        this.#frame(this.#state, bytes[at] as number)
        at += 1
      }
    }
    return to
  }

  #data(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.#left)
    if (this.dataEnd !== from) bytes.copyWithin(this.dataEnd, from, end)
    this.dataEnd += end - from
    this.#left -= end - from
    if (this.#left === 0) this.#state = 'data_cr'
    return end
  }

  #frame(state: Framing, byte: number): void {
    switch (state) {
      case 'size':
        if (byte === CR) this.#state = 'size_lf'
        else if (byte < 32 && byte !== 9) throw malformed('a chunk has no size')
        else if (this.#line.length === MOST_SIZE_LINE)
          throw malformed(`the size of a chunk takes more than ${MOST_SIZE_LINE} bytes`)
        else this.#line += String.fromCharCode(byte)
        return
      case 'size_lf':
        if (byte !== LF) throw malformed('a CR stands alone after the size of a chunk')
        this.#left = sizeOf(this.#line)
        this.#line = ''
        this.#state = this.#left === 0 ? 'trailers' : 'data'
        return
      case 'data_cr':
        if (byte !== CR) throw malformed('a chunk is longer than its size')
        this.#state = 'data_lf'
        return
      case 'data_lf':
        if (byte !== LF) throw malformed('a CR stands alone after a chunk')
        this.#state = 'size'
    }
  }

  #trailersFrom(bytes: Buffer, from: number, to: number): number {
    const end = this.#trailers.read(bytes, from, to)
    if (end === -1) return to
    // Nobody is told of them, but what is no trailer is no end of a body, and none may say where it ends (RFC 9110, 6.5.1).
    const fields = fieldsOf(this.#trailers.text, 0)
    for (let place = 0; place < fields.length; place += 2)
      if (FRAMING.includes(fields[place] as string))
        throw malformed('a trailer says how long the body is')
    this.isWhole = true
    return end
  }
}

function sizeOf(line: string): number {
  const size = SIZE_LINE.exec(line)?.[1]
  if (size === undefined) throw malformed('a chunk has no size')
  return Number.parseInt(size, 16)
}
