// Keeps back what goes out to a caller until it is known to be whole and right, so that what is not can be refused in words. What is
// larger than the limit passes piece by piece: from then on a fault can only be shown by breaking off.

/** Most bytes kept back; as many as an exchange keeps while nobody reads. */
export const MOST_HELD = 65_536
/** Of pieces, so that a server that sends single bytes does not fill the memory with what each of them costs. */
const MOST_PIECES = 256
const NOTHING = Buffer.alloc(0)

/** Where the pieces of a message go. */
export interface Outlet {
  readonly add: (piece: Buffer) => void
  /** What was added is whole and right. */
  readonly settle: () => void
}

export class HeldOutput implements Outlet {
  /** A part of something has gone out whose end is not known yet. */
  isOpen = false
  /** What goes on as it came is refused by whoever reads it, and not here. */
  readonly refusal = undefined
  readonly #write: (piece: Buffer) => void
  readonly #revise: (event: Buffer) => Buffer
  #pieces: Buffer[] = []
  #bytes = 0

  /** `revise`: what becomes of what is kept back until it is whole. */
  constructor(write: (piece: Buffer) => void, revise = (event: Buffer): Buffer => event) {
    this.#write = write
    this.#revise = revise
  }

  add(piece: Buffer): void {
    if (this.isOpen) {
      this.#write(piece)
      return
    }
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes > MOST_HELD) {
      for (const held of this.#all()) this.#write(held)
      this.isOpen = true
    } else if (this.#pieces.length === MOST_PIECES) this.#pieces = [Buffer.concat(this.#pieces)]
  }

  settle(): void {
    if (this.#pieces.length > 0) {
      const event = this.take()
      this.#write(this.isOpen ? event : this.#revise(event))
    }
    this.isOpen = false
  }

  /** What is kept back, for whoever sends it another way, or lets it fall. */
  take(): Buffer {
    const [only = NOTHING, ...more] = this.#all()
    return more.length === 0 ? only : Buffer.concat([only, ...more])
  }

  #all(): readonly Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    return pieces
  }
}
