// Puts the caller's id in the place of the router's own while a JSON-RPC message of a tool server goes past, and says what the
// message is. Works on any split of the bytes and holds no more than one id, so that a result of any size needs no memory.
import { JsonScan } from './json-scan.ts'
import { integer, isWritten, parsed, utf8, type Written } from './written-member.ts'

/**
 * `answer`: the response to the call. `progress`: the tool tells how far it is. `request`: the server asks something of its own. `other`: another
 * notification. `none`: nothing but white space.
 * `bad`: what is no JSON-RPC message, or one that may not stand here, as a response to another call, or a result that is no object.
 */
export type MessageKind = 'answer' | 'progress' | 'request' | 'other' | 'none' | 'bad'

type Naming = (ownIdJson: string) => string | undefined
export type Emit = (piece: Buffer) => void

/** A caller's id has at most 128 bytes, six times as many when it is spelt in escapes; the rest is for white space. No key that counts is longer. */
const LONGEST = 6_200
/** White space around a message. Whoever sends so much is not about to answer, and each byte would begin its time anew. */
const MOST_BLANK = 65_536
/** What a piece of it costs besides its bytes: one of a single byte may come in a chunk with 60 KB of extensions. */
const BLANK_PIECE = 64
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const PROGRESS = 'notifications/progress'
const NEWLINE = Buffer.from('\n')

/** Members that say what a message is, each a bit of what was seen; `KEY` while a key goes past. */
const ID = 1
const VERSION = 2
const METHOD = 4
const RESULT = 8
const ERROR = 16
const CODE = 32
const MESSAGE = 64
const KEY = 128
const OUTER = [
  { key: '"id"', bit: ID },
  { key: '"jsonrpc"', bit: VERSION },
  { key: '"method"', bit: METHOD },
  { key: '"result"', bit: RESULT },
  { key: '"error"', bit: ERROR },
] as const
const INNER = [
  { key: '"code"', bit: CODE },
  { key: '"message"', bit: MESSAGE },
] as const
/** Those whose text matters, not only that they are there. */
const HELD = KEY | ID | VERSION | METHOD | CODE | MESSAGE
const RESULT_ANSWER = ID | VERSION | RESULT
const ERROR_ANSWER = ID | VERSION | ERROR | CODE | MESSAGE

/** Reads the messages of one answer, one after another, and changes on their way what must change. */
export interface MessageSwap {
  /** Code of the error that the newest answer is; undefined for a result. */
  readonly errorCode: number | undefined
  /** What came cannot become a message any more; what was not handed on yet will not be. */
  readonly isBroken: boolean
  /** Takes `bytes[from, to)` and hands what may go on to `emit`. */
  readonly feed: (bytes: Buffer, from: number, to: number, emit: Emit) => void
  /** A line of an event ends within the message, which to JSON is white space: what waits goes out before the next line begins. */
  readonly endLine: (emit: Emit) => void
  /** The message is over: at the end of the body, or at the blank line that ends an event. The next one may come. */
  readonly end: () => MessageKind
}

export class IdSwap implements MessageSwap {
  readonly #expectedJson: string
  readonly #replacement: string
  readonly #isSame: boolean
  readonly #name: Naming | undefined
  readonly #scan = new JsonScan()
  /** What goes past: one of the bits above, or 0 for what nobody wants to know. */
  #member = 0
  /** What came of its text in pieces before, white space around it included, a letter for each byte. */
  #held = ''
  #seen = 0
  #blank = 0
  #isForeign = false
  /** An id of null is none: some write it into notifications. */
  #isUnnumbered = false
  #isProgress = false
  #isBad = false
  #awaitsResult = false
  #code: number | undefined

  /** Both as JSON text. Equal: nothing is replaced, only watched. `name`: what any other id becomes; undefined: it may not stand here. */
  constructor(expectedJson: string, replacementJson: string, name?: Naming) {
    this.#name = name
    this.#expectedJson = expectedJson
    this.#replacement = replacementJson
    this.#isSame = expectedJson === replacementJson
  }

  get errorCode(): number | undefined {
    return this.#code
  }

  get isBroken(): boolean {
    return this.#isBad || this.#scan.isBroken
  }

  feed(bytes: Buffer, from: number, to: number, emit: Emit): void {
    const scan = this.#scan
    const { isBlank, isWhole } = scan
    let sent = from
    let at = from
    while (at < to && !this.isBroken) {
      const next = scan.run(bytes, at, to)
      if (this.#awaitsResult) this.#beginResult(bytes, at, next)
      if (scan.stop === 0) this.#hold(bytes, at, next)
      else {
        const text = { from: at, to: next - 1 }
        if (this.#isWithheld) {
          emit(this.#idOut(bytes, text))
          sent = text.to
        }
        this.#structure(scan.stop, bytes, text)
        if (this.#isWithheld) {
          emit(bytes.subarray(sent, next))
          sent = next
        }
      }
      at = next
    }
    if (isWhole || (isBlank && scan.isBlank)) this.#isBad ||= this.#isEndless(to - from)
    if (!this.isBroken && !this.#isWithheld && to > sent) emit(bytes.subarray(sent, to))
  }

  endLine(emit: Emit): void {
    this.feed(NEWLINE, 0, 1, emit)
    if (this.isBroken || !this.#isWithheld) return
    if (this.#held.trim() === '') {
      emit(Buffer.from(this.#held))
      this.#held = ''
    } else {
      emit(this.#idOut(NEWLINE, { from: 0, to: 0 }))
      this.#become(0) // no id goes on in the next line, unless it is none that was sent
    }
  }

  end(): MessageKind {
    const kind = this.isBroken ? 'bad' : this.#scan.isBlank ? 'none' : this.#kind()
    this.#scan.begin()
    this.#become(0)
    this.#seen = this.#blank = 0
    this.#isForeign =
      this.#isUnnumbered =
      this.#isProgress =
      this.#isBad =
      this.#awaitsResult =
        false
    return kind
  }

  #kind(): MessageKind {
    const seen = this.#seen
    if (!this.#scan.isWhole) return 'bad'
    if (seen === RESULT_ANSWER || seen === ERROR_ANSWER) return this.#isForeign ? 'bad' : 'answer'
    const isCall = (seen & METHOD) !== 0 && (seen & VERSION) !== 0
    if (!isCall || (seen & (RESULT | ERROR)) !== 0) return 'bad'
    if ((seen & ID) !== 0 && !this.#isUnnumbered) return 'request'
    return this.#isProgress && (seen & ID) === 0 ? 'progress' : 'other'
  }

  #isEndless(blank: number): boolean {
    this.#blank += blank + BLANK_PIECE
    return this.#blank > MOST_BLANK
  }

  /** An id that may be replaced waits here and not in the output. */
  get #isWithheld(): boolean {
    return this.#member === ID && !this.#isSame
  }

  #hold(bytes: Buffer, from: number, to: number): void {
    if ((this.#member & HELD) === 0) return
    this.#measure(to - from)
    this.#held += bytes.toString('latin1', from, Math.min(to, from + LONGEST - this.#held.length))
  }

  /** Of a method and of the message of an error it is enough to know that they are text, and their beginning tells. */
  #measure(more: number): void {
    const mustFit = (this.#member & HELD & ~(METHOD | MESSAGE)) !== 0
    if (mustFit && this.#held.length + more > LONGEST) this.#isBad = true
  }

  #structure(stop: number, bytes: Buffer, text: Written): void {
    this.#measure(text.to - text.from)
    switch (stop) {
      case COLON:
        return this.#beginValue(bytes, text)
      case COMMA:
        this.#endValue(bytes, text)
        if (this.#scan.depth === 1) this.#scan.watch = 1 // the error was no object
        return this.#become(KEY)
      case OPEN_OBJECT:
        return this.#become(KEY)
      case OPEN_ARRAY:
        this.#isBad = true // a batch, or an error that is none
        return
      default:
        this.#endValue(bytes, text)
        this.#become(0)
        this.#scan.watch = 1
    }
  }

  #become(member: number): void {
    this.#member = member
    this.#held = ''
  }

  #beginValue(bytes: Buffer, text: Written): void {
    const member = this.#memberNamed(bytes, text)
    if ((this.#seen & member) !== 0) this.#isBad = true // two readers may take two values
    this.#seen |= member
    if (member === ERROR) this.#scan.watch = 2
    this.#awaitsResult = member === RESULT
    this.#become(member)
  }

  /** What a result holds is for its caller to read, but it is an object (JSON-RPC leaves that open, MCP does not). */
  #beginResult(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to && (bytes[at] as number) <= 0x20) at += 1
    this.#awaitsResult = at === to
    this.#isBad ||= at < to && bytes[at] !== OPEN_OBJECT
  }

  #memberNamed(bytes: Buffer, text: Written): number {
    const members = this.#scan.depth === 1 ? OUTER : INNER
    if (this.#held === '')
      for (const { key, bit } of members) if (isWritten(key, bytes, text)) return bit
    // Split, in white space, or in escapes: `i\u0064` is the same key as `id`.
    const written = this.#text(bytes, text)
    const key = written.includes('\\') ? JSON.stringify(parsed(written)) : written
    return members.find(member => member.key === key)?.bit ?? 0
  }

  #endValue(bytes: Buffer, text: Written): void {
    switch (this.#member) {
      case ID:
        if (this.#isSame) this.#isForeign = !this.#isExpected(bytes, text)
        this.#isUnnumbered = this.#isForeign && this.#text(bytes, text) === 'null'
        return
      case VERSION:
        if (this.#held === '' && isWritten('"2.0"', bytes, text)) return
        this.#isBad ||= parsed(this.#text(bytes, text)) !== '2.0'
        return
      case METHOD:
        this.#isProgress = parsed(this.#text(bytes, text)) === PROGRESS
        return this.#mustBeText(bytes, text)
      case MESSAGE:
        return this.#mustBeText(bytes, text)
      case CODE:
        this.#code = integer(parsed(this.#text(bytes, text)))
        this.#isBad ||= this.#code === undefined
    }
  }

  #mustBeText(bytes: Buffer, text: Written): void {
    this.#isBad ||= !this.#text(bytes, text).startsWith('"')
  }

  #isExpected(bytes: Buffer, text: Written): boolean {
    if (this.#held === '' && isWritten(this.#expectedJson, bytes, text)) return true
    return parsed(utf8(this.#text(bytes, text))) === parsed(this.#expectedJson)
  }

  #idOut(bytes: Buffer, text: Written): Buffer {
    this.#isForeign = !this.#isExpected(bytes, text)
    const written = this.#held + bytes.toString('latin1', text.from, text.to)
    const json = written.trim()
    const isKept = this.#isForeign && (this.#name === undefined || json === 'null')
    if (isKept) return Buffer.from(written, 'latin1')
    const by = this.#isForeign ? this.#name?.(utf8(json)) : this.#replacement
    this.#isBad ||= by === undefined
    const at = written.indexOf(json)
    return Buffer.from(written.slice(0, at) + by + written.slice(at + json.length))
  }

  /** All of the text that ends here, without the white space around it. */
  #text(bytes: Buffer, { from, to }: Written): string {
    return (this.#held + bytes.toString('latin1', from, Math.min(to, from + LONGEST))).trim()
  }
}
