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
  beginsNumber,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isBlank,
  isFinalFault,
  OPEN_ARRAY,
  OPEN_OBJECT,
  overflows,
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
  readonly #names = createNames()
  readonly #keys: KeyTable
  // One entry for each container that is open; 0 is the text itself.
  readonly #isObject: Uint8Array
  readonly #counts: Int32Array
  readonly #roles: Uint8Array
  readonly #known: Array<Names | undefined>
  readonly #valueStarts: Int32Array
  #bytes: Buffer = Buffer.alloc(0)
  #depth = 0
  /** Values and keys that there may still be. */
  #left = 0
  // Of the container that is open; of those around it in the tables.
  #count = 0
  #role: number = ROLE.none
  #closer = 0
  #problem: JsonProblem | undefined
  #isFinal = false
  #id: Span | undefined
  #params: Span | undefined
  #name: Span | undefined

  /** `random` decides the hash of keys, so that nobody can send keys that all fall into one place. */
  constructor(random: () => number, limits: JsonLimits = JSON_LIMITS) {
    const size = limits.depth + 1
    this.#limits = limits
    const room = { keys: limits.values, keysPerObject: limits.keysPerObject, depth: limits.depth }
    this.#keys = new KeyTable(room, {
      seed: Math.floor(random() * 2 ** 31),
      factor: Math.floor(random() * 2 ** 31) | 1,
    })
    this.#isObject = new Uint8Array(size)
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
    if (this.#problem !== undefined)
      return { kind: 'problem', problem: this.#problem, isFinal: this.#isFinal }
    // Last, since it reads the whole: bytes that are no ASCII stand in strings only by now.
    if (!isUtf8(bytes)) return told('malformed', 'It is not valid UTF-8.')
    const [id, params, name] = [this.#id, this.#params, this.#name]
    return {
      kind: 'ok',
      spans: { ...(id && { id }), ...(params && { params }), ...(name && { name }) },
    }
  }

  #begin(bytes: Buffer): void {
    this.#bytes = bytes
    this.#keys.begin(bytes)
    this.#depth = 0
    this.#left = this.#limits.values - 1 // the text's own is one
    this.#count = 0
    this.#role = ROLE.none
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
        if (bytes[at] !== this.#closer) {
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
      if (this.#role !== ROLE.none) this.#noteSpan(at)
      at = skipBlank(bytes, at)
      const byte = bytes[at]
      if (byte === COMMA) return this.#member(skipBlank(bytes, at + 1))
      if (byte !== this.#closer)
        return this.#malformed('a comma or the end of the list was expected', at)
      at = this.#close(at)
    }
    return at
  }

  /** The first byte after the bracket that counts. */
  #open(at: number, isObject: boolean): number {
    const depth = this.#depth
    if (depth === this.#limits.depth)
      return this.#excessive(`it is nested deeper than ${this.#limits.depth} levels`, at)
    const names = this.#names
    this.#known[depth + 1] = depth === 0 ? names.top : names.below[this.#role]
    this.#counts[depth] = this.#count
    this.#roles[depth] = this.#role
    this.#isObject[depth + 1] = isObject ? 1 : 0
    this.#depth = depth + 1
    if (isObject) this.#keys.open(depth + 1)
    this.#closer = isObject ? CLOSE_OBJECT : CLOSE_ARRAY
    this.#count = 0
    this.#role = ROLE.none
    return skipBlank(this.#bytes, at + 1)
  }

  #close(at: number): number {
    const depth = this.#depth
    if (this.#closer === CLOSE_OBJECT) this.#keys.close(depth)
    this.#depth = depth - 1
    this.#count = this.#counts[depth - 1] as number
    this.#role = this.#roles[depth - 1] as number
    this.#closer = this.#isObject[depth - 1] === 1 ? CLOSE_OBJECT : CLOSE_ARRAY
    return at + 1
  }

  /** In an object the key and its colon; then where the value begins. */
  #member(at: number): number {
    const isElement = this.#closer === CLOSE_ARRAY
    if (isElement) this.#count += 1
    this.#left -= isElement ? 1 : 2
    if (this.#left < 0)
      return this.#excessive(`it holds more than ${this.#limits.values} values and keys`, at)
    return isElement ? at : this.#named(at)
  }

  #named(at: number): number {
    if (this.#count === this.#limits.keysPerObject)
      return this.#excessive(`an object has more than ${this.#limits.keysPerObject} keys`, at)
    const after = this.#key(at)
    if (after < 0) return STOPPED
    const colon = skipBlank(this.#bytes, after)
    if (this.#bytes[colon] !== COLON) return this.#malformed('a key has no colon after it', colon)
    const start = skipBlank(this.#bytes, colon + 1)
    if (this.#role !== ROLE.none) this.#valueStarts[this.#depth] = start
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
    this.#count += 1
    if (!this.#keys.add(start, end, this.#depth))
      return this.#ambiguous('a key stands twice in one object', at)
    if (this.#keys.isCrowded) return this.#excessive('its keys collide in a hash table', at)
    return this.#judgeKey(at) ? after : STOPPED
  }

  /** One that is not plain. */
  #readKey(at: number, most: number): number {
    const after = readString(this.#bytes, at, Math.min(most, this.#bytes.length))
    if (after === UNENDED && most < this.#bytes.length)
      return this.#excessive(`a key is longer than ${this.#limits.keyBytes} bytes`, at)
    return after < 0 ? this.#badToken(after, at) : after
  }

  /** Looks at what the newest key says; false when it is refused. */
  #judgeKey(at: number): boolean {
    const names = this.#known[this.#depth]
    const name = names && this.#keys.newestAmong(names.byLength)
    this.#role = name?.role ?? ROLE.none
    if (name !== undefined) return true
    if (names === undefined && !this.#keys.isNewestSuspect()) return true
    const fault = faultOfKey(this.#keys.newest(), names, names === this.#names.top)
    if (fault !== undefined) this.#ambiguous(fault, at)
    return fault === undefined
  }

  /** A string, a number, `true`, `false` or `null`. */
  #leaf(at: number): number {
    const byte = this.#bytes[at] as number
    if (beginsNumber(byte)) return this.#number(at)
    const end = byte === QUOTE ? readString(this.#bytes, at) : readScalar(this.#bytes, at)
    return end < 0 ? this.#badToken(end, at) : end
  }

  #number(at: number): number {
    const end = readScalar(this.#bytes, at)
    if (end < 0 && end !== TOO_LONG) return this.#badToken(end, at)
    if (end < 0 || end - at > this.#limits.numberChars)
      return this.#excessive(`a number is longer than ${this.#limits.numberChars} characters`, at)
    return overflows(this.#bytes, at, end)
      ? this.#ambiguous('a number is larger than a double can hold', at)
      : end
  }

  #noteSpan(end: number): void {
    const span = { start: this.#valueStarts[this.#depth] as number, end }
    if (this.#role === ROLE.id) this.#id = span
    else if (this.#role === ROLE.params) this.#params = span
    else if (this.#role === ROLE.name) this.#name = span
  }

  #badToken = (fault: number, at: number): number => {
    this.#malformed(TOKEN_FAULTS[fault] as string, at)
    this.#isFinal = isFinalFault(fault, this.#bytes.length - at)
    return STOPPED
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
    this.#isFinal = kind !== 'malformed' || at < this.#bytes.length
    this.#problem = { kind, says: `At byte ${at}${where}: ${what}.` }
    return STOPPED
  }

  /** Where the innermost value that was begun stands. */
  #path(): string {
    const segments: Array<string | number> = []
    this.#counts[this.#depth] = this.#count
    for (let depth = 1; depth <= this.#depth; depth += 1) {
      const count = this.#counts[depth] as number
      if (this.#isObject[depth] === 0) segments.push(Math.max(0, count - 1))
      else if (count > 0) segments.push(this.#keys.newestOf(depth, count))
    }
    return pointerTo(segments)
  }
}
