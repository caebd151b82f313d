// The keys of the objects that are open, so that one that stands twice is seen whatever its spelling. Of fixed size, and linear:
// a few keys are compared one by one, more of them through a hash that no caller can foresee.

import { QUOTE, skipPlain } from './json-tokens.ts'

export interface Name {
  readonly bytes: Buffer
  /** What its value means to whoever asks. */
  readonly role: number
}

/** Up to here a look at each key is cheaper than a hash table. */
const FEW = 8
/** Steps past places that are taken, for each key there is room for; keys that nobody aimed take a third of one. */
const STEPS_PER_KEY = 2
/** Room for decoded keys that is kept from one text to the next. */
const KEPT_BYTES = 65_536

export class KeyTable {
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #hashes: Int32Array
  /** Which object a key belongs to; no two objects of one text share a number. */
  readonly #owners: Int32Array
  readonly #slots: Int32Array
  readonly #slotTexts: Int32Array
  readonly #mask: number
  readonly #seed: number
  readonly #factor: number
  readonly #mostSteps: number
  #steps = 0
  /** Of the key that was read or kept last. */
  #hash = 0
  #bytes: Buffer = Buffer.alloc(0)
  /** Decoded spellings of keys that were written with escapes; offsets from `#bytes.length` on point in here. */
  #decoded: Buffer = Buffer.alloc(0)
  #decodedSize = 0
  #text = 0
  #size = 0

  /** `most` keys may be open at once. `seed` and `factor` decide the hash; `factor` is odd. */
  constructor(most: number, { seed, factor }: { readonly seed: number; readonly factor: number }) {
    this.#starts = new Int32Array(most)
    this.#ends = new Int32Array(most)
    this.#hashes = new Int32Array(most)
    this.#owners = new Int32Array(most)
    const slots = 2 ** Math.ceil(Math.log2(most * 2))
    this.#slots = new Int32Array(slots)
    this.#slotTexts = new Int32Array(slots)
    this.#mask = slots - 1
    this.#seed = seed
    this.#factor = factor
    this.#mostSteps = most * STEPS_PER_KEY
  }

  /** A new text: nothing of the one before is known any more. */
  begin(bytes: Buffer): void {
    this.#bytes = bytes
    this.#decodedSize = 0
    if (this.#decoded.length > KEPT_BYTES) this.#decoded = Buffer.alloc(0)
    this.#size = 0
    this.#steps = 0
    this.#text = (this.#text + 1) | 0
    if (this.#text === 0) this.#slotTexts.fill(-1) // the numbers begin anew, and old slots must not look like new ones
  }

  /** Keys of all objects that are open. */
  get size(): number {
    return this.#size
  }

  /** Forgets the keys of an object that has ended. */
  truncate(size: number): void {
    this.#size = size
  }

  /** Whether keys fall into the same places as no keys do by chance: looking on would not be linear any more. */
  get isCrowded(): boolean {
    return this.#steps > this.#mostSteps
  }

  /** The offset after the key whose opening quote is at `at`; 0 when it holds an escape or a fault, or does not end before `last`. */
  readPlain(at: number, last: number): number {
    const bytes = this.#bytes
    const factor = this.#factor
    const end = skipPlain(bytes, at + 1, last)
    if (end >= last || bytes[end] !== QUOTE) return 0
    let hash = this.#seed
    for (let position = at + 1; position < end; position += 1)
      hash = mixed(hash, bytes[position] as number, factor)
    this.#hash = hash
    return end + 1
  }

  /** Takes in a decoded key; where its first byte lies, for `add`. */
  keep(key: string): number {
    const from = this.#decodedSize
    const size = from + Buffer.byteLength(key)
    if (size > this.#decoded.length) {
      const larger = Buffer.alloc(2 * size)
      this.#decoded.copy(larger, 0, 0, from)
      this.#decoded = larger
    }
    this.#decoded.write(key, from)
    this.#decodedSize = size
    let hash = this.#seed
    for (let at = from; at < size; at += 1)
      hash = mixed(hash, this.#decoded[at] as number, this.#factor)
    this.#hash = hash
    return this.#bytes.length + from
  }

  newest(): string {
    return this.text(this.#size - 1)
  }

  /** Which of these the newest key is, exactly; they are sorted by their length in bytes. */
  newestAmong(byLength: ReadonlyArray<readonly Name[]>): Name | undefined {
    const index = this.#size - 1
    const start = this.#starts[index] as number
    const candidates = byLength[(this.#ends[index] as number) - start]
    if (candidates === undefined) return undefined
    const source = this.#source(start)
    const from = this.#local(start)
    for (const candidate of candidates) {
      const { bytes } = candidate
      let at = 0
      while (at < bytes.length && source[from + at] === bytes[at]) at += 1
      if (at === bytes.length) return candidate
    }
    return undefined
  }

  /** Whether the newest key is worth a closer look: it was written with escapes, or begins and measures as a forbidden one does. */
  isNewestSuspect(): boolean {
    const index = this.#size - 1
    const start = this.#starts[index] as number
    if (start >= this.#bytes.length) return true
    const length = (this.#ends[index] as number) - start
    const first = this.#bytes[start]
    return (length === 9 && (first === 0x5f || first === 0x70)) || (length === 11 && first === 0x63)
  }

  /** A key as text, decoded. */
  text(index: number): string {
    const start = this.#starts[index] as number
    return this.#source(start).toString(
      'utf8',
      this.#local(start),
      this.#local(this.#ends[index] as number),
    )
  }

  /** The key read or kept last. False when the object `owner`, whose first key has the index `base`, has this key already. */
  add(start: number, end: number, owner: number, base: number): boolean {
    const hash = this.#hash
    const index = this.#size
    const count = index - base
    this.#starts[index] = start
    this.#ends[index] = end
    this.#hashes[index] = hash
    this.#owners[index] = owner
    this.#size = index + 1
    if (count < FEW) {
      for (let other = base; other < index; other += 1)
        if (this.#hashes[other] === hash && this.#isSame(other, index)) return false
      return true
    }
    if (count === FEW) for (let other = base; other < index; other += 1) this.#place(other)
    return this.#place(index)
  }

  #place(index: number): boolean {
    const owner = this.#owners[index] as number
    const hash = this.#hashes[index] as number
    let slot = Math.imul(hash ^ Math.imul(owner, this.#factor), 0x9e3779b1) & this.#mask
    while (this.#slotTexts[slot] === this.#text) {
      const other = this.#slots[slot] as number
      // What stood here may belong to an object that has ended: its place in the list is another key's by now.
      if (
        other < index &&
        this.#owners[other] === owner &&
        this.#hashes[other] === hash &&
        this.#isSame(other, index)
      )
        return false
      this.#steps += 1
      if (this.isCrowded) return true
      slot = (slot + 1) & this.#mask
    }
    this.#slotTexts[slot] = this.#text
    this.#slots[slot] = index
    return true
  }

  #isSame(one: number, other: number): boolean {
    const start = this.#starts[one] as number
    const otherStart = this.#starts[other] as number
    const length = (this.#ends[one] as number) - start
    if ((this.#ends[other] as number) - otherStart !== length) return false
    const source = this.#source(start)
    const otherSource = this.#source(otherStart)
    const from = this.#local(start)
    const otherFrom = this.#local(otherStart)
    for (let at = 0; at < length; at += 1)
      if (source[from + at] !== otherSource[otherFrom + at]) return false
    return true
  }

  // A key of no bytes at the very end of the text cannot be: its quotes lie there.
  #source(start: number): Buffer {
    return start < this.#bytes.length ? this.#bytes : this.#decoded
  }

  #local(at: number): number {
    return at < this.#bytes.length ? at : at - this.#bytes.length
  }
}

/** Each step mixes high bits into low ones, so that no two texts meet whatever the factor is. */
const mixed = (hash: number, byte: number, factor: number): number => {
  const product = Math.imul(hash ^ byte, factor)
  return product ^ (product >>> 15)
}
