// What a body must be before anything parses it: JSON that every parser reads alike, within bounds. One pass over the bytes,
// without recursion; it also finds where the values lie that may be replaced, so that nothing is ever written anew.
import { isUtf8 } from 'node:buffer'
import type { Span } from '#router/facts.ts'
import { KeyTable } from './json-keys.ts'
import {
  type Guarded,
  JSON_LIMITS,
  type JsonLimits,
  type JsonProblem,
  pointerTo,
  told,
} from './json-limits.ts'
import { createNames, faultOfKey, type Names, ROLE } from './json-names.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isBlank,
  mayOverflow,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  readScalar,
  readString,
  skipBlank,
  TOKEN_FAULTS,
  TOO_LONG,
  UNENDED,
} from './json-tokens.ts'

/** A reader that has stopped. */
const STOPPED = -1

/** Holds its tables from one text to the next; not for two texts at once. */
export class JsonGuard {
  readonly #limits: JsonLimits
  readonly #mostNodes: number
  readonly #names = createNames()
  readonly #keys: KeyTable
  // One entry for each container that is open; 0 is the text itself.
  readonly #isObject: Uint8Array
  readonly #owners: Int32Array
  readonly #bases: Int32Array
  readonly #counts: Int32Array
  readonly #roles: Uint8Array
  readonly #known: Array<Names | undefined>
  readonly #valueStarts: Int32Array
  #bytes: Buffer = Buffer.alloc(0)
  #depth = 0
  #nodes = 0
  #problem: JsonProblem | undefined
  #id: Span | undefined
  #params: Span | undefined
  #name: Span | undefined

  /** `random` decides the hash of keys, so that nobody can send keys that all fall into one place. */
  constructor(random: () => number, limits: JsonLimits = JSON_LIMITS) {
    const size = limits.depth + 1
    this.#limits = limits
    this.#mostNodes = limits.nodes
    this.#keys = new KeyTable(limits.nodes, {
      seed: Math.floor(random() * 2 ** 31),
      factor: Math.floor(random() * 2 ** 31) | 1,
    })
    this.#isObject = new Uint8Array(size)
    this.#owners = new Int32Array(size)
    this.#bases = new Int32Array(size)
    this.#counts = new Int32Array(size)
    this.#roles = new Uint8Array(size)
    this.#known = Array.from({ length: size }, () => undefined)
    this.#valueStarts = new Int32Array(size)
  }

  check(bytes: Buffer): Guarded {
    this.#begin(bytes)
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
      return told('malformed', 'It begins with a byte order mark.')
    const end = this.#read(skipBlank(bytes, 0))
    if (end >= 0) {
      const after = skipBlank(bytes, end)
      if (after < bytes.length) this.#malformed('something stands after the value', after)
    }
    if (this.#problem !== undefined) return { kind: 'problem', problem: this.#problem }
    // Last, since it reads the whole: bytes that are no ASCII stand in strings only by now.
    if (!isUtf8(bytes)) return told('malformed', 'It is not valid UTF-8.')
    return {
      kind: 'ok',
      spans: {
        ...(this.#id === undefined ? {} : { id: this.#id }),
        ...(this.#params === undefined ? {} : { params: this.#params }),
        ...(this.#name === undefined ? {} : { name: this.#name }),
      },
    }
  }

  #begin(bytes: Buffer): void {
    this.#bytes = bytes
    this.#keys.begin(bytes)
    this.#depth = 0
    this.#nodes = 0
    this.#problem = undefined
    this.#id = undefined
    this.#params = undefined
    this.#name = undefined
  }

  /** One value, whatever it holds; the offset after it, or `STOPPED`. */
  #read(start: number): number {
    const bytes = this.#bytes
    let at = start
    for (;;) {
      const byte = bytes[at]
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        at = this.#open(at, byte === OPEN_OBJECT)
        if (at < 0) return STOPPED
        if (bytes[at] !== this.#closer()) {
          at = this.#member(at)
          if (at < 0) return STOPPED
          continue
        }
        at = this.#close(at)
      } else {
        at = this.#leaf(at)
        if (at < 0) return STOPPED
      }
      at = this.#afterValue(at)
      if (at < 0) return STOPPED
      if (this.#depth === 0) return at
    }
  }

  /** Ends what ends here; then the next value's first byte, the end of the text's value, or `STOPPED`. */
  #afterValue(end: number): number {
    const bytes = this.#bytes
    let at = end
    while (this.#depth > 0) {
      if (this.#roles[this.#depth] !== ROLE.none) this.#noteSpan(at)
      at = skipBlank(bytes, at)
      const byte = bytes[at]
      if (byte === COMMA) return this.#member(skipBlank(bytes, at + 1))
      if (byte !== this.#closer())
        return this.#malformed('a comma or the end of the list was expected', at)
      at = this.#close(at)
    }
    return at
  }

  #closer(): number {
    return this.#isObject[this.#depth] === 1 ? CLOSE_OBJECT : CLOSE_ARRAY
  }

  /** The first byte after the bracket that counts. */
  #open(at: number, isObject: boolean): number {
    if (this.#depth === this.#limits.depth)
      return this.#excessive(`it is nested deeper than ${this.#limits.depth} levels`, at)
    this.#nodes += 1
    const known = this.#knownBelow()
    const depth = this.#depth + 1
    this.#depth = depth
    this.#isObject[depth] = isObject ? 1 : 0
    this.#owners[depth] = this.#nodes
    this.#bases[depth] = this.#keys.size
    this.#counts[depth] = 0
    this.#roles[depth] = ROLE.none
    this.#known[depth] = known
    return skipBlank(this.#bytes, at + 1)
  }

  /** Which names count in the object that opens now. */
  #knownBelow(): Names | undefined {
    const depth = this.#depth
    if (depth === 0) return this.#names.top
    const role = this.#roles[depth]
    if (role === ROLE.params) return this.#names.params
    return role === ROLE.meta ? this.#names.meta : undefined
  }

  #close(at: number): number {
    this.#keys.truncate(this.#bases[this.#depth] as number)
    this.#depth -= 1
    return at + 1
  }

  /** In an object the key and its colon; then where the value begins. */
  #member(at: number): number {
    const depth = this.#depth
    const count = (this.#counts[depth] as number) + 1
    this.#counts[depth] = count
    this.#nodes += 1
    if (this.#nodes > this.#mostNodes)
      return this.#excessive(`it holds more than ${this.#limits.nodes} values and keys`, at)
    if (this.#isObject[depth] === 0) return at
    if (count > this.#limits.keysPerObject)
      return this.#excessive(`an object has more than ${this.#limits.keysPerObject} keys`, at)
    const after = this.#key(at)
    if (after < 0) return STOPPED
    const colon = skipBlank(this.#bytes, after)
    if (this.#bytes[colon] !== COLON) return this.#malformed('a key has no colon after it', colon)
    const start = skipBlank(this.#bytes, colon + 1)
    this.#valueStarts[depth] = start
    return start
  }

  #key(at: number): number {
    if (this.#bytes[at] !== QUOTE) return this.#malformed('a key in quotes was expected', at)
    const most = at + this.#limits.keyBytes + 2
    let after = this.#keys.readPlain(at, Math.min(most, this.#bytes.length))
    let start = at + 1
    let end = after - 1
    if (after === 0) {
      after = this.#readKey(at, most)
      if (after < 0) return STOPPED
      const key = JSON.parse(this.#bytes.toString('utf8', at, after)) as string
      start = this.#keys.keep(key)
      end = start + Buffer.byteLength(key)
    }
    const depth = this.#depth
    if (!this.#keys.add(start, end, this.#owners[depth] as number, this.#bases[depth] as number))
      return this.#ambiguous('a key stands twice in one object', at)
    if (this.#keys.isCrowded) return this.#excessive('its keys collide in a hash table', at)
    return this.#judgeKey(at) ? after : STOPPED
  }

  /** One that is not plain. */
  #readKey(at: number, most: number): number {
    const after = readString(this.#bytes, at, Math.min(most, this.#bytes.length))
    if (after === UNENDED && most < this.#bytes.length)
      return this.#excessive(`a key is longer than ${this.#limits.keyBytes} bytes`, at)
    return after < 0 ? this.#malformed(TOKEN_FAULTS[after] as string, at) : after
  }

  /** Looks at what the newest key says; false when it is refused. */
  #judgeKey(at: number): boolean {
    const depth = this.#depth
    const names = this.#known[depth]
    const keys = this.#keys
    const name = names && keys.newestAmong(names.byLength)
    this.#roles[depth] = name?.role ?? ROLE.none
    if (name !== undefined) return true
    if (names === undefined && !keys.isNewestSuspect()) return true
    const fault = faultOfKey(keys.newest(), names, names === this.#names.top)
    if (fault !== undefined) this.#ambiguous(fault, at)
    return fault === undefined
  }

  /** A string, a number, `true`, `false` or `null`. */
  #leaf(at: number): number {
    const bytes = this.#bytes
    const isString = bytes[at] === QUOTE
    const end = isString ? readString(bytes, at) : readScalar(bytes, at)
    if (end < 0 && end !== TOO_LONG) return this.#malformed(TOKEN_FAULTS[end] as string, at)
    if (isString || !isNumber(bytes[at] as number)) return end
    if (end < 0 || end - at > this.#limits.numberChars)
      return this.#excessive(`a number is longer than ${this.#limits.numberChars} characters`, at)
    if (mayOverflow(bytes, at, end) && !Number.isFinite(Number(bytes.toString('latin1', at, end))))
      return this.#ambiguous('a number is larger than a double can hold', at)
    return end
  }

  #noteSpan(end: number): void {
    const depth = this.#depth
    const role = this.#roles[depth]
    const span = { start: this.#valueStarts[depth] as number, end }
    if (role === ROLE.id) this.#id = span
    else if (role === ROLE.params) this.#params = span
    else if (role === ROLE.name) this.#name = span
  }

  /** A blank where none may be left is one of too many. */
  #malformed = (what: string, at: number): number =>
    isBlank(this.#bytes[at])
      ? this.#excessive('too much white space stands in a row', at)
      : this.#stop('malformed', what, at)
  #ambiguous = (what: string, at: number): number => this.#stop('ambiguous', what, at)
  #excessive = (what: string, at: number): number => this.#stop('excessive', what, at)

  #stop(kind: JsonProblem['kind'], what: string, at: number): number {
    const path = this.#path()
    const where = path === '' ? '' : `, in ${path}`
    this.#problem = { kind, says: `At byte ${at}${where}: ${what}.` }
    return STOPPED
  }

  /** Where the innermost value that was begun stands. */
  #path(): string {
    const segments: Array<string | number> = []
    for (let depth = 1; depth <= this.#depth; depth += 1) {
      const next = depth === this.#depth ? this.#keys.size : (this.#bases[depth + 1] as number)
      if (this.#isObject[depth] === 0)
        segments.push(Math.max(0, (this.#counts[depth] as number) - 1))
      else if (next > (this.#bases[depth] as number)) segments.push(this.#keys.text(next - 1))
    }
    return pointerTo(segments)
  }
}

const isNumber = (byte: number): boolean => byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
