// The tokens of JSON (RFC 8259), read strictly on bytes. Each reader returns where its token ends, or one of the negative codes
// below: an exception or an object for each would cost more than the reading.

export const TOKEN_FAULTS: Readonly<Record<number, string>> = Object.freeze({
  [-1]: 'a control character stands in a string',
  [-2]: 'a string has an escape that JSON does not know',
  [-3]: 'a string has one half of a surrogate pair',
  [-4]: 'a string has no end',
  [-5]: 'there is no value',
  [-6]: 'a number is not written as JSON writes numbers',
})
const CONTROL = -1
const ESCAPE = -2
const SURROGATE = -3
const NO_VALUE = -5
const NUMBER = -6
/** A number of more digits than are read. */
export const TOO_LONG = -7
export const UNENDED = -4
const MOST_DIGITS = 1_024

/** Whether a fault stays one whatever comes behind the text, of whose bytes so many are left where the token begins. */
export const isFinalFault = (fault: number, left: number): boolean =>
  fault === CONTROL || (fault === NO_VALUE && left >= FALSE.length)

export const QUOTE = 0x22
const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const LOWER_E = 0x65
const UPPER_E = 0x45
const LOWER_U = 0x75
const SPACE = 0x20
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/** One look-up for each byte is a third of the time of three comparisons. */
const tableOf = (isIn: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (isIn(byte) ? 1 : 0))

const among = (bytes: string): Uint8Array => tableOf(byte => Buffer.from(bytes).includes(byte))

const IS_BLANK = among(' \n\r\t')

/** More white space in a row than indentation ever needs is not read on: the byte it stops at is then a blank. */
const MOST_BLANKS = 4_096

export const skipBlank = (bytes: Buffer, at: number): number =>
  at < bytes.length && (bytes[at] as number) > SPACE ? at : skipBlanks(bytes, at)

function skipBlanks(bytes: Buffer, at: number): number {
  let position = at
  const last = Math.min(bytes.length, at + MOST_BLANKS)
  while (position < last && IS_BLANK[bytes[position] as number] === 1) position += 1
  return position
}

export const isBlank = (byte: number | undefined): boolean =>
  byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09

/** 1 for what may stand behind a backslash, and is whole with it. */
const IS_SHORT_ESCAPE = among('"\\/bfnrt')

/** 1 for what cannot stand in a string as it is. */
const IS_SPECIAL = tableOf(byte => byte < SPACE || byte === QUOTE || byte === BACKSLASH)

/** Ends a string, or needs a look. */
export const isSpecial = (byte: number): boolean => IS_SPECIAL[byte] !== 0

/** The first byte from `at` on that is special, or `last`. */
function skipPlain(bytes: Buffer, at: number, last: number): number {
  let position = at
  const near = Math.min(last, at + SHORT)
  while (position < near && IS_SPECIAL[bytes[position] as number] === 0) position += 1
  return position === near && near < last ? skipLong(bytes, position, last) : position
}

/** Text goes on for longer than it takes to look at eight bytes at once. */
const SHORT = 256
const ONES = 0x01010101
const HIGH = 0x80808080
const QUOTES = QUOTE * ONES
const BACKSLASHES = BACKSLASH * ONES
const SPACES = SPACE * ONES

function skipLong(bytes: Buffer, at: number, last: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, last)
  let position = at
  while (position + 8 <= last) {
    const marks = special(view.getInt32(position)) | special(view.getInt32(position + 4))
    if ((marks & HIGH) !== 0) break
    position += 8
  }
  while (position < last && IS_SPECIAL[bytes[position] as number] === 0) position += 1
  return position
}

/** Its high bits are set where one of four bytes is a quote, a backslash or a control character, and perhaps in one above such a byte. */
function special(four: number): number {
  const quotes = four ^ QUOTES
  const backslashes = four ^ BACKSLASHES
  return (
    (((quotes - ONES) | 0) & ~quotes) |
    (((backslashes - ONES) | 0) & ~backslashes) |
    (((four - SPACES) | 0) & ~four)
  )
}

/** `at` is the opening quote. One that does not end before `last` has no end. */
export function readString(bytes: Buffer, at: number, last = bytes.length): number {
  let position = skipPlain(bytes, at + 1, last)
  while (position < last) {
    const byte = bytes[position] as number
    if (byte === QUOTE) return position + 1
    if (byte !== BACKSLASH) return CONTROL
    if (IS_SHORT_ESCAPE[bytes[position + 1] as number] === 1) position += 2
    else {
      position = readUnicode(bytes, position)
      if (position < 0) return position
    }
    // Where one escape stands, the next is often not far.
    if (position < last && IS_SPECIAL[bytes[position] as number] === 0)
      position = skipPlain(bytes, position + 1, last)
  }
  return UNENDED
}

/** `at` is the backslash. A high surrogate and the low one after it are read together. */
function readUnicode(bytes: Buffer, at: number): number {
  if (bytes[at + 1] !== LOWER_U) return ESCAPE
  const unit = readUnit(bytes, at)
  if (unit < 0) return ESCAPE
  if (unit < 0xd800 || unit > 0xdfff) return at + 6
  if (unit > 0xdbff) return SURROGATE
  const low =
    bytes[at + 6] === BACKSLASH && bytes[at + 7] === LOWER_U ? readUnit(bytes, at + 6) : -1
  return low >= 0xdc00 && low <= 0xdfff ? at + 12 : SURROGATE
}

function readUnit(bytes: Buffer, at: number): number {
  let unit = 0
  for (let digit = at + 2; digit < at + 6; digit += 1) {
    const value = hexValue(bytes[digit])
    if (value < 0) return -1
    unit = unit * 16 + value
  }
  return unit
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** A number, `true`, `false` or `null`. */
export function readScalar(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === MINUS || isDigit(byte)) return readNumber(bytes, at)
  const literal = byte === TRUE[0] ? TRUE : byte === FALSE[0] ? FALSE : NULL
  for (let index = 0; index < literal.length; index += 1)
    if (bytes[at + index] !== literal[index]) return NO_VALUE
  return at + literal.length
}

function readNumber(bytes: Buffer, at: number): number {
  let position = bytes[at] === MINUS ? at + 1 : at
  if (bytes[position] === ZERO) position += 1
  else {
    position = skipDigits(bytes, position)
    if (position < 0) return position
  }
  if (isDigit(bytes[position])) return NUMBER // a leading zero
  if (bytes[position] === POINT) {
    position = skipDigits(bytes, position + 1)
    if (position < 0) return position
  }
  if (bytes[position] === LOWER_E || bytes[position] === UPPER_E) {
    const sign = bytes[position + 1]
    position = skipDigits(bytes, sign === PLUS || sign === MINUS ? position + 2 : position + 1)
    if (position < 0) return position
  }
  return position
}

/** At least one; negative when there is none, or so many that they are not read on. */
function skipDigits(bytes: Buffer, at: number): number {
  let position = at
  while (isDigit(bytes[position])) {
    position += 1
    if (position - at > MOST_DIGITS) return TOO_LONG
  }
  return position === at ? NUMBER : position
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= ZERO && byte <= NINE

export const beginsNumber = (byte: number): boolean =>
  byte === MINUS || (byte >= ZERO && byte <= NINE)

/** `1e309` */
const SHORTEST_OVERFLOW = 5

/** Whether a number stands for more than a double holds: only an exponent reaches that far within the length allowed. */
export function overflows(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < SHORTEST_OVERFLOW) return false
  for (let at = start; at < end; at += 1)
    if (((bytes[at] as number) | 0x20) === LOWER_E)
      return !Number.isFinite(Number(bytes.toString('latin1', start, end)))
  return false
}
