// Puts the caller's id in the place of the router's own while a JSON-RPC answer streams past, and notices that the answer came.
// Works on any split of the bytes and holds no more than one id, so that a result of any size needs no memory.
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const LF = 0x0a
const CR = 0x0d
/** The longest id a caller may send is 1,024 bytes; spelt in escapes it takes six times as many. */
const LONGEST = 6_200

type Place = 'key' | 'after_key' | 'value' | 'after_value'

export class IdSwap {
  /** A response under the expected id went past whole. */
  isAnswered = false

  readonly #expected: unknown
  readonly #replacement: Buffer
  readonly #isSame: boolean
  #depth = 0
  #isInString = false
  #isEscaped = false
  #place: Place = 'value'
  /** Text being collected at the top level: a key, or the value of `id`. */
  #held = ''
  #isHolding: 'key' | 'id' | undefined
  #key = ''
  #hasId = false
  #hasMethod = false
  #hasOutcome = false
  /** A line broke inside a string: what the event holds is no JSON, and passes as it is. */
  #isSpoiled = false

  /** Both as JSON text. Equal: nothing is replaced, only watched. */
  constructor(expectedJson: string, replacementJson: string) {
    this.#expected = JSON.parse(expectedJson)
    this.#replacement = Buffer.from(replacementJson)
    this.#isSame = expectedJson === replacementJson
  }

  /**
   * Takes `bytes[from, to)`, hands what may go on to `emit`, and returns the offset it stopped at:
   * `to`, or that of a line break when `isLine` (one SSE data line).
   */
  feed(
    bytes: Buffer,
    from: number,
    to: number,
    isLine: boolean,
    emit: (piece: Buffer) => void,
  ): number {
    let sent = from
    let at = from
    for (; at < to; at += 1) {
      if (this.#depth > 1 && !this.#isSpoiled) {
        at = this.#skipNested(bytes, at, to, isLine)
        if (at >= to) break
      }
      const byte = bytes[at] as number
      if (isLine && (byte === LF || byte === CR)) {
        if (this.#isInString) {
          sent = this.#letGo(emit, sent, at)
          this.#isSpoiled = true
        }
        break
      }
      if (this.#isSpoiled) continue
      if (this.#isHolding === 'id' && this.#held.length > LONGEST)
        sent = this.#letGo(emit, sent, at)
      if (this.#isInString) {
        if (this.#isHolding !== undefined) this.#hold(byte)
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === BACKSLASH) this.#isEscaped = true
        else if (byte === QUOTE) {
          this.#isInString = false
          if (this.#isHolding === 'key') this.#endKey()
          else if (this.#isHolding === 'id') sent = this.#sendId(emit, sent, at + 1)
        }
        continue
      }
      if (this.#isHolding === 'id' && endsScalar(byte)) sent = this.#sendId(emit, sent, at)
      if (this.#isHolding === 'id') this.#hold(byte)
      else if (this.#startsId(byte)) {
        if (at > sent && !this.#isSame) emit(bytes.subarray(sent, at))
        this.#startId(byte)
      } else this.#structure(byte)
    }
    // While an id that may be replaced is held, its bytes wait here and not in the output.
    if ((this.#isSame || this.#isHolding !== 'id') && at > sent) emit(bytes.subarray(sent, at))
    return at
  }

  /** The message is complete: at the end of the body, or at the blank line that ends an event. */
  endMessage(emit: (piece: Buffer) => void): void {
    if (this.#isHolding === 'id') this.#sendId(emit, 0, 0)
    const isWhole = this.#depth === 0 && !this.#isInString
    if (isWhole && this.#hasId && this.#hasOutcome && !this.#hasMethod) this.isAnswered = true
    this.#depth = 0
    this.#isInString = this.#isEscaped = this.#hasId = this.#hasMethod = this.#hasOutcome = false
    this.#isSpoiled = false
    this.#place = 'value'
    this.#isHolding = undefined
    this.#held = this.#key = ''
  }

  /** Below the top level, where most bytes lie, only strings and brackets matter. Stops at the top level again, or at a line break. */
  #skipNested(bytes: Buffer, from: number, to: number, isLine: boolean): number {
    let depth = this.#depth
    let isInString = this.#isInString
    let isEscaped = this.#isEscaped
    let at = from
    for (; at < to && depth > 1; at += 1) {
      const byte = bytes[at] as number
      if (isLine && (byte === LF || byte === CR)) break
      if (isInString) {
        if (isEscaped) isEscaped = false
        else if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) isInString = false
      } else if (byte === QUOTE) isInString = true
      else if (byte === 0x7b || byte === 0x5b) depth += 1
      else if (byte === 0x7d || byte === 0x5d) depth -= 1
    }
    this.#depth = depth
    this.#isInString = isInString
    this.#isEscaped = isEscaped
    if (depth === 1) this.#place = 'after_value'
    return at
  }

  #structure(byte: number): void {
    if (byte === QUOTE) {
      this.#isInString = true
      if (this.#depth === 1 && this.#place === 'key') {
        this.#isHolding = 'key'
        this.#held = ''
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      this.#depth += 1
      this.#place = this.#depth === 1 && byte === 0x7b ? 'key' : 'value'
    } else if (byte === 0x7d || byte === 0x5d) {
      this.#depth -= 1
      this.#place = 'after_value'
    } else if (this.#depth === 1 && byte === COLON && this.#place === 'after_key')
      this.#place = 'value'
    else if (this.#depth === 1 && byte === COMMA) this.#place = 'key'
  }

  #startsId(byte: number): boolean {
    return this.#depth === 1 && this.#place === 'value' && this.#key === 'id' && !endsScalar(byte)
  }

  #startId(byte: number): void {
    this.#isHolding = 'id'
    this.#held = String.fromCharCode(byte)
    this.#isInString = byte === QUOTE
  }

  /** Latin-1, byte by byte: turned back into bytes before it is read as UTF-8. */
  #hold(byte: number): void {
    if (this.#held.length <= LONGEST) this.#held += String.fromCharCode(byte)
  }

  #endKey(): void {
    const text = this.#held.slice(0, -1)
    this.#key = text.includes('\\') ? (parsed(`"${text}"`) as string) : text
    if (this.#key === 'method') this.#hasMethod = true
    else if (this.#key === 'result' || this.#key === 'error') this.#hasOutcome = true
    this.#place = 'after_key'
    this.#isHolding = undefined
  }

  /** The id is complete: it or what replaces it goes out. Returns the offset up to which all has gone out. */
  #sendId(emit: (piece: Buffer) => void, sent: number, at: number): number {
    const raw = Buffer.from(this.#held, 'latin1')
    const isExpected = parsed(raw.toString('utf8')) === this.#expected
    if (isExpected) this.#hasId = true
    this.#leaveId()
    if (this.#isSame) return sent // it went out with the rest
    emit(isExpected ? this.#replacement : raw)
    return at
  }

  /** The id that is held is longer than any that was sent, or no JSON: it goes out as far as it is here. */
  #letGo(emit: (piece: Buffer) => void, sent: number, at: number): number {
    if (this.#isHolding !== 'id') return sent
    this.#leaveId()
    if (this.#isSame) return sent
    emit(Buffer.from(this.#held, 'latin1'))
    return at
  }

  #leaveId(): void {
    this.#isHolding = undefined
    this.#key = ''
    this.#place = 'after_value'
  }
}

const endsScalar = (byte: number): boolean =>
  byte === COMMA ||
  byte === 0x7d ||
  byte === 0x5d ||
  byte === 0x20 ||
  byte === 0x09 ||
  byte === LF ||
  byte === CR

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined // what the upstream wrote there is no JSON value, so it is not the id that was sent
  }
}
