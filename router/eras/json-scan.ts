// Reads one JSON text (RFC 8259, in UTF-8) strictly, whatever the split of its bytes, and keeps none of them. What it takes every
// parser takes; it stops at the structure of the outer levels, for whoever wants to know what stands there.

/** Containers in one another. Parsers of callers give up at about so many; each costs a place on the stack below. */
const MOST_DEPTH = 1_024

// What may come next. Below ACTION a look-up is the next state; from there on something is to be done.
const VALUE = 0
const FIRST_VALUE = 1
const KEY = 2
const FIRST_KEY = 3
const BEFORE_COLON = 4
const BEHIND = 5
const STRING = 6
const ESCAPE = 7
/** So many hexadecimal digits are missing: 8 to 11 for four to one. */
const HEX = 8
const MINUS = 12
const ZERO = 13
const DIGITS = 14
const POINT = 15
const FRACTION = 16
const EXPONENT = 17
const SIGN = 18
const POWER = 19
/** Of a character: one byte is missing, two, three; and the second byte after those leads that exclude some. */
const ONE_MORE = 20
const TWO_MORE = 21
const THREE_MORE = 22
const AFTER_E0 = 23
const AFTER_ED = 24
const AFTER_F0 = 25
const AFTER_F4 = 26
/** Of `true`, `false` and `null`, the rest. */
const WORDS = 27
const STATES = 40
const ACTION = 64
const OPEN_OBJECT = 64
const OPEN_ARRAY = 65
const CLOSE_OBJECT = 66
const CLOSE_ARRAY = 67
const COMMA = 68
const COLON = 69
const KEY_QUOTE = 70
const LAST_QUOTE = 71
const FAULT = 255

const TABLE = table()
/** 1 for what stands for itself in a string. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  TABLE[(STRING << 8) | byte] === STRING ? 1 : 0,
)

function table(): Uint8Array {
  const next = new Uint8Array(STATES << 8).fill(FAULT)
  const on = (state: number, bytes: string, to: number): void => {
    for (let at = 0; at < bytes.length; at += 1) next[(state << 8) | bytes.charCodeAt(at)] = to
  }
  const range = (state: number, [first, last]: readonly [number, number], to: number): void =>
    void next.fill(to, (state << 8) | first, ((state << 8) | last) + 1)
  for (const state of [VALUE, FIRST_VALUE]) {
    on(state, ' \t\n\r', state)
    on(state, '{', OPEN_OBJECT)
    on(state, '[', OPEN_ARRAY)
    on(state, '"', STRING)
    on(state, '-', MINUS)
    on(state, '0', ZERO)
    on(state, '123456789', DIGITS)
  }
  on(FIRST_VALUE, ']', CLOSE_ARRAY)
  for (const state of [KEY, FIRST_KEY]) {
    on(state, ' \t\n\r', state)
    on(state, '"', KEY_QUOTE)
  }
  on(FIRST_KEY, '}', CLOSE_OBJECT)
  on(BEFORE_COLON, ' \t\n\r', BEFORE_COLON)
  on(BEFORE_COLON, ':', COLON)
  for (const state of [BEHIND, ZERO, DIGITS, FRACTION, POWER]) {
    on(state, ' \t\n\r', BEHIND)
    on(state, ',', COMMA)
    on(state, '}', CLOSE_OBJECT)
    on(state, ']', CLOSE_ARRAY)
  }
  strings(on, range)
  numbers(on)
  let word = WORDS
  for (const text of ['true', 'false', 'null']) {
    for (const state of [VALUE, FIRST_VALUE]) on(state, text.charAt(0), word)
    for (let at = 1; at < text.length; at += 1, word += 1)
      on(word, text.charAt(at), at === text.length - 1 ? BEHIND : word + 1)
  }
  return next
}

/** Pieces of so many bytes may hold long texts. */
const LARGE = 1_024
/** A text that has so many bytes which stand for themselves is read four at a time from there on, in a third of the time. */
const NEAR = 128
/** After so many shorter ones in a row the others of a piece are not tried: that would cost them more than it gives. */
const CHANCES = 16
const HIGH_BITS = 0x80_80_80_80 | 0
const TO_SPACE = 0x60_60_60_60
const TO_NONZERO = 0x7f_7f_7f_7f
const QUOTES = 0x22_22_22_22
const BACKSLASHES = 0x5c_5c_5c_5c

/** Within a string: the first byte from here on that does not stand for itself, or `to`. */
function behindLong(bytes: Uint8Array, from: number, to: number): number {
  const near = Math.min(to, from + NEAR)
  let at = from
  while (at < near && IS_PLAIN[bytes[at] as number] === 1) at += 1
  if (at < near) return at
  const start = bytes.byteOffset
  while (at < to && ((start + at) & 3) !== 0 && IS_PLAIN[bytes[at] as number] === 1) at += 1
  if (((start + at) & 3) === 0) {
    const words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2)
    at = Math.max(at, behindPlain(words, (start + at) >>> 2, (start + to) >>> 2) * 4 - start)
  }
  while (at < to && IS_PLAIN[bytes[at] as number] === 1) at += 1
  return at
}

/** Where the first sixteen are that do not all stand for themselves, or those before `to` that are fewer. */
function behindPlain(words: Int32Array, from: number, to: number): number {
  let at = from
  while (
    at + 3 < to &&
    (plainBits(words[at] as number) &
      plainBits(words[at + 1] as number) &
      plainBits(words[at + 2] as number) &
      plainBits(words[at + 3] as number) &
      HIGH_BITS) ===
      HIGH_BITS
  )
    at += 4
  return at
}

/**
 * Of four bytes, the high bits of all are set where each is from 0x20 to 0x7f, and neither a quote nor a backslash. Up to 0x7f no sum goes over
 * into the byte above. The lowest byte beyond that is found by one of the last two sums, both of which it would have to leave at 0x80 or more.
 */
const plainBits = (four: number): number =>
  (four + TO_SPACE) & ((four ^ QUOTES) + TO_NONZERO) & ((four ^ BACKSLASHES) + TO_NONZERO)

type On = (state: number, bytes: string, to: number) => void
type Range = (state: number, bytes: readonly [number, number], to: number) => void

/** Well-formed UTF-8 as Unicode's table 3-7 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
function strings(on: On, range: Range): void {
  range(STRING, [0x20, 0x7f], STRING)
  on(STRING, '"', LAST_QUOTE)
  on(STRING, '\\', ESCAPE)
  on(ESCAPE, '"\\/bfnrt', STRING)
  on(ESCAPE, 'u', HEX)
  for (let digit = 0; digit < 4; digit += 1)
    on(HEX + digit, '0123456789abcdefABCDEF', digit === 3 ? STRING : HEX + digit + 1)
  range(STRING, [0xc2, 0xdf], ONE_MORE)
  range(STRING, [0xe1, 0xef], TWO_MORE)
  range(STRING, [0xf1, 0xf3], THREE_MORE)
  range(STRING, [0xe0, 0xe0], AFTER_E0)
  range(STRING, [0xed, 0xed], AFTER_ED)
  range(STRING, [0xf0, 0xf0], AFTER_F0)
  range(STRING, [0xf4, 0xf4], AFTER_F4)
  range(ONE_MORE, [0x80, 0xbf], STRING)
  range(TWO_MORE, [0x80, 0xbf], ONE_MORE)
  range(THREE_MORE, [0x80, 0xbf], TWO_MORE)
  range(AFTER_E0, [0xa0, 0xbf], ONE_MORE)
  range(AFTER_ED, [0x80, 0x9f], ONE_MORE)
  range(AFTER_F0, [0x90, 0xbf], TWO_MORE)
  range(AFTER_F4, [0x80, 0x8f], TWO_MORE)
}

function numbers(on: On): void {
  on(MINUS, '0', ZERO)
  on(MINUS, '123456789', DIGITS)
  on(DIGITS, '0123456789', DIGITS)
  for (const state of [ZERO, DIGITS]) on(state, '.', POINT)
  for (const state of [POINT, FRACTION]) on(state, '0123456789', FRACTION)
  for (const state of [ZERO, DIGITS, FRACTION]) on(state, 'eE', EXPONENT)
  on(EXPONENT, '+-', SIGN)
  for (const state of [EXPONENT, SIGN, POWER]) on(state, '0123456789', POWER)
}

export class JsonScan {
  /** Containers that are open. */
  depth = 0
  /** The reading stops at the brackets, colons and commas of so many levels. */
  watch = 1
  /** The byte of structure that the last reading stopped at, 0 when it came to its end. */
  stop = 0
  /** It is no JSON from the byte on where the reading stopped. */
  isBroken = false
  #state = VALUE
  #isObject = false
  #isKey = false
  /** Whether each open container but the innermost is an object. */
  readonly #outer: boolean[] = []

  /** The value is there, and nothing but white space came after it. Of a number alone it cannot be told. */
  get isWhole(): boolean {
    return this.depth === 0 && this.#state === BEHIND
  }

  /** Nothing but white space came. */
  get isBlank(): boolean {
    return this.depth === 0 && this.#state === VALUE
  }

  begin(): void {
    this.depth = this.stop = 0
    this.watch = 1
    this.isBroken = this.#isObject = this.#isKey = false
    this.#state = VALUE
    this.#outer.length = 0
  }

  /** Reads `bytes[from, to)`; returns the offset behind the byte of structure it stopped at, or `to`. */
  run(bytes: Uint8Array, from: number, to: number): number {
    let state = this.#state
    let at = from
    let chances = to - from < LARGE ? 0 : CHANCES
    this.stop = 0
    while (at < to) {
      if (state === STRING) {
        if (chances > 0) {
          const end = behindLong(bytes, at, to)
          chances = end - at < NEAR ? chances - 1 : CHANCES
          at = end
        } else while (at < to && IS_PLAIN[bytes[at] as number] === 1) at += 1
        if (at === to) break
      }
      const byte = bytes[at] as number
      const next = TABLE[(state << 8) | byte] as number
      at += 1
      if (next < ACTION) {
        state = next
        continue
      }
      const { depth } = this
      state = this.#act(next)
      if (state === FAULT) break
      if (next < KEY_QUOTE && Math.max(depth, this.depth) <= this.watch) {
        this.stop = byte
        break
      }
    }
    this.#state = state
    return at
  }

  #act(action: number): number {
    switch (action) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        return this.#open(action === OPEN_OBJECT)
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        return this.#close(action === CLOSE_OBJECT)
      case COMMA:
        return this.depth === 0 ? this.#fault() : this.#isObject ? KEY : VALUE
      case COLON:
        return VALUE
      case KEY_QUOTE:
        this.#isKey = true
        return STRING
      case LAST_QUOTE:
        if (!this.#isKey) return BEHIND
        this.#isKey = false
        return BEFORE_COLON
      default:
        return this.#fault()
    }
  }

  #open(isObject: boolean): number {
    if (this.depth === MOST_DEPTH) return this.#fault()
    this.#outer.push(this.#isObject)
    this.depth += 1
    this.#isObject = isObject
    return isObject ? FIRST_KEY : FIRST_VALUE
  }

  #close(isObject: boolean): number {
    if (this.depth === 0 || this.#isObject !== isObject) return this.#fault()
    this.depth -= 1
    this.#isObject = this.#outer.pop() === true
    return BEHIND
  }

  #fault(): number {
    this.isBroken = true
    return FAULT
  }
}
