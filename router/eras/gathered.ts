// Bytes that come in pieces, gathered until they are wanted as one. A server that sends single bytes must fill the memory neither with what each
// of them costs, nor the time with copies of what was there before.

/** Loose ones; from then on they are joined, and what is joined is joined with what is no larger. */
const MOST_PIECES = 256
const NOTHING = Buffer.alloc(0)

export class Gathered {
  /** Bytes of them all. */
  length = 0
  #loose: Buffer[] = []
  /** Each larger than the next, so that they are few. */
  readonly #joined: Buffer[] = []

  /** Of memory that stays as it is. */
  add(piece: Buffer): void {
    this.length += piece.length
    this.#loose.push(piece)
    if (this.#loose.length === MOST_PIECES) this.#join()
  }

  /** As one; a single piece is not copied. What comes next is gathered anew. */
  take(): Buffer {
    const pieces = this.takePieces()
    if (pieces.length > 1) return Buffer.concat(pieces)
    return pieces[0] ?? NOTHING
  }

  takePieces(): readonly Buffer[] {
    const pieces = [...this.#joined.splice(0), ...this.#loose]
    this.#loose = []
    this.length = 0
    return pieces
  }

  /** Whether one of these words, in ASCII, stands in what would be taken, and in what comes `next`. Nothing large is copied for that. */
  holdsOneOf(words: readonly string[], next: Buffer = NOTHING): boolean {
    const most = Math.max(0, ...words.map(word => word.length - 1))
    let end = NOTHING // of what was looked at, as much as may be the beginning of a word
    for (const piece of [...this.#joined, ...this.#loose, next]) {
      const seam = Buffer.concat([end, piece.subarray(0, most)])
      if (words.some(word => piece.includes(word) || seam.includes(word))) return true
      end = Buffer.from(
        piece.length < most ? seam.subarray(-most) : piece.subarray(piece.length - most),
      )
    }
    return false
  }

  #join(): void {
    let last = Buffer.concat(this.#loose)
    this.#loose = []
    for (
      let before = this.#joined.at(-1);
      before !== undefined && before.length <= last.length;
      before = this.#joined.at(-1)
    ) {
      this.#joined.pop()
      last = Buffer.concat([before, last])
    }
    this.#joined.push(last)
  }
}
