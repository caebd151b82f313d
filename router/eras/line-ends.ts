// Where the lines of an event stream end within one read, by LF or CR. The next of either kind is looked for once, whatever the other does: a
// server that sends nothing but ends of lines must not have each look through all that is left.

const LF = 0x0a
const CR = 0x0d

export class LineEnds {
  readonly #bytes: Buffer
  #feedAt = -1
  #backAt = -1

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Of the line that the byte at `from` belongs to; the end of the read where it goes on. Asked for in order. */
  from(from: number): number {
    if (this.#feedAt < from) this.#feedAt = this.#next(LF, from)
    if (this.#backAt < from) this.#backAt = this.#next(CR, from)
    return Math.min(this.#feedAt, this.#backAt)
  }

  #next(byte: number, from: number): number {
    const at = this.#bytes.indexOf(byte, from)
    return at === -1 ? this.#bytes.length : at
  }
}
