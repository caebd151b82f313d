// The keys of the objects that are open, so that one that stands twice is seen whatever its spelling. Of fixed size, and linear:
// a few keys are compared one by one, more of them through a hash that no caller can foresee.

import { isSpecial, QUOTE } from './json-tokens.ts'

export interface Name {
  readonly bytes: Buffer
  /** What its value means to whoever asks. */
  readonly role: number
}

/** Up to here a look at each key is cheaper than a hash table. */
const FEW = 8
/** Steps past places that are taken, for each key there is room for; keys that nobody aimed take half of one. */
const STEPS_PER_KEY = 2
/** Room for decoded keys that is kept from one text to the next. */
const KEPT_BYTES = 65_536
/** Then the numbers of objects begin anew. */
const MOST_OBJECTS = 2 ** 30

/** How much there may be at once. */
export interface KeyRoom {
  readonly keys: number
  readonly keysPerObject: number
  /** Objects within each other. */
  readonly depth: number
}

export class KeyTable {
  // Of each key of an object that is open.
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #hashes: Int32Array
  // Of each object that is open, by its depth.
  readonly #bases: Int32Array
  readonly #objects: Int32Array
  // A hash table for each depth, since keys meet those of their own object only: so small that it stays in the fastest cache.
  // Nothing is taken out of it: what another object has left there counts as empty.
  readonly #slots: Int32Array
  readonly #slotObjects: Int32Array
  readonly #slotBits: number
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
  /** How many objects have been opened; no two share a number. */
  #opened = 0
  #size = 0

  /** `seed` and `factor` decide the hash; `factor` is odd. */
  constructor(room: KeyRoom, { seed, factor }: { readonly seed: number; readonly factor: number }) {
    this.#starts = new Int32Array(room.keys)
    this.#ends = new Int32Array(room.keys)
    this.#hashes = new Int32Array(room.keys)
    this.#bases = new Int32Array(room.depth + 1)
    this.#objects = new Int32Array(room.depth + 1)
    this.#slotBits = Math.ceil(Math.log2(room.keysPerObject * 2))
    this.#slots = new Int32Array((room.depth + 1) << this.#slotBits)
    this.#slotObjects = new Int32Array((room.depth + 1) << this.#slotBits)
    this.#seed = seed
    this.#factor = factor
    this.#mostSteps = room.keys * STEPS_PER_KEY
  }

  /** A new text: nothing of the one before is known any more. */
  begin(bytes: Buffer): void {
    this.#bytes = bytes
    this.#decodedSize = 0
    if (this.#decoded.length > KEPT_BYTES) this.#decoded = Buffer.alloc(0)
    this.#size = 0
    this.#steps = 0
    if (this.#opened < MOST_OBJECTS) return
    this.#opened = 0
    this.#slotObjects.fill(0) // old slots must not look like new ones
  }

  /** An object begins at this depth. */
  open(depth: number): void {
    this.#opened += 1
    this.#objects[depth] = this.#opened
    this.#bases[depth] = this.#size
  }

  /** Forgets the keys of the object that ends at this depth. */
  close(depth: number): void {
    this.#size = this.#bases[depth] as number
  }

  /** Whether keys fall into the same places as no keys do by chance: looking on would not be linear any more. */
  get isCrowded(): boolean {
    return this.#steps > this.#mostSteps
  }

  /** The offset after the key whose opening quote is at `at`; 0 when it holds an escape or a fault, or does not end before `last`. */
  readPlain(at: number, last: number): number {
    const bytes = this.#bytes
    const factor = this.#factor
    let hash = this.#seed
    let position = at + 1
    while (position < last) {
      const byte = bytes[position] as number
      if (isSpecial(byte)) break
      hash = mixed(hash, byte, factor)
      position += 1
    }
    if (position >= last || bytes[position] !== QUOTE) return 0
    this.#hash = hash
    return position + 1
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
    return this.#text(this.#size - 1)
  }

  /** The newest key of the object that is open at this depth, for whoever has counted its keys. */
  newestOf(depth: number, count: number): string {
    return this.#text((this.#bases[depth] as number) + count - 1)
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
  #text(index: number): string {
    const start = this.#starts[index] as number
    return this.#source(start).toString(
      'utf8',
      this.#local(start),
      this.#local(this.#ends[index] as number),
    )
  }

  /** The key read or kept last. False when the object that is open at this depth has it already. */
  add(start: number, end: number, depth: number): boolean {
    const hash = this.#hash
    const index = this.#size
    const base = this.#bases[depth] as number
    this.#starts[index] = start
    this.#ends[index] = end
    this.#hashes[index] = hash
    this.#size = index + 1
    const count = index - base
    if (count < FEW) {
      for (let other = base; other < index; other += 1)
        if (this.#hashes[other] === hash && this.#isSame(other, index)) return false
      return true
    }
    if (count === FEW) for (let other = base; other < index; other += 1) this.#place(other, depth)
    return this.#place(index, depth)
  }

  #place(index: number, depth: number): boolean {
    const object = this.#objects[depth] as number
    const hash = this.#hashes[index] as number
    const first = depth << this.#slotBits
    const mask = (1 << this.#slotBits) - 1
    let slot = Math.imul(hash, 0x9e3779b1) >>> (32 - this.#slotBits)
    while (this.#slotObjects[first + slot] === object) {
      const other = this.#slots[first + slot] as number
      if (this.#hashes[other] === hash && this.#isSame(other, index)) return false
      this.#steps += 1
      if (this.isCrowded) return true
      slot = (slot + 1) & mask
    }
    this.#slotObjects[first + slot] = object
    this.#slots[first + slot] = index
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
