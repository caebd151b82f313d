// Keeps back what goes out to a caller until it is known to be whole and right, so that what is not can be refused in words. What is
// larger than the limit passes piece by piece: from then on a fault can only be shown by breaking off.

import type { OpenQuestion } from '#router/facts.ts'
import { Gathered } from './gathered.ts'

/** Most bytes kept back; as many as an exchange keeps while nobody reads. */
export const MOST_HELD = 65_536
/** Most bytes kept back of what changes before it goes out, which can only be done to the whole of it. */
export const MOST_REVISED = 16_777_216

/** Where the pieces of a message go. */
export interface Outlet {
  /** `isLent`: its bytes stay as they are only until this returns. */
  readonly add: (piece: Buffer, isLent?: boolean) => void
  /** What was added is whole and right. */
  readonly settle: () => void
}

/** What becomes of a body or an event before it goes out. */
export interface Revision {
  readonly of: (whole: Buffer) => Buffer
  /** One that is larger than the limit may have to change all the same where its beginning holds one of these, in ASCII. */
  readonly signs: readonly string[]
}

export class HeldOutput implements Outlet {
  /** A part of something has gone out whose end is not known yet. */
  isOpen = false
  /** What goes on as it came is refused by whoever reads it, and not here. */
  readonly refusal = undefined
  readonly asked = undefined
  readonly questions: readonly OpenQuestion[] = []
  readonly #write: (piece: Buffer) => void
  readonly #revision: Revision | undefined
  readonly #gathered = new Gathered()
  #most = MOST_HELD

  constructor(write: (piece: Buffer) => void, revision?: Revision) {
    this.#write = write
    this.#revision = revision
  }

  add(piece: Buffer, isLent = false): void {
    if (!this.isOpen && this.#gathered.length + piece.length > this.#most) this.#overflow(piece)
    if (this.isOpen) this.#write(piece)
    else this.#gathered.add(isLent ? Buffer.from(piece) : piece)
  }

  settle(): void {
    if (this.#gathered.length > 0) this.#write(this.take())
    this.isOpen = false
    this.#most = MOST_HELD
  }

  /** What is kept back, for whoever sends it another way, or lets it fall. */
  take(): Buffer {
    const whole = this.#gathered.take()
    return this.#revision === undefined || whole.length === 0 ? whole : this.#revision.of(whole)
  }

  #overflow(next: Buffer): void {
    const signs = this.#most === MOST_HELD ? (this.#revision?.signs ?? []) : []
    if (this.#gathered.holdsOneOf(signs, next)) {
      this.#most = MOST_REVISED
      return
    }
    for (const held of this.#gathered.takePieces()) this.#write(held)
    this.isOpen = true
  }
}
