// An upstream event stream on its way to the caller: data lines go on as they came but for the id, `id:` and `retry:` stay here,
// because a caller could not resume with them. Works on any split of the bytes and holds less than one line's first word.
import { IdSwap } from './id-swap.ts'

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
/** Longest field name that is told apart, plus the colon: `retry:`. */
const NAME_LIMIT = 6
/** A byte order mark may stand before the first line and is none of it. */
const MARK = [0xef, 0xbb, 0xbf] as const

type Line = 'undecided' | 'data' | 'drop' | 'pass'

export class SseRelay {
  readonly #swap: IdSwap
  #line: Line = 'undecided'
  /** Bytes of a line too short yet to know its field. */
  #name: number[] = []
  #isAfterCr = false
  #isAtBoundary = true
  /** Bytes of the mark seen so far; all of them once the stream has begun. */
  #mark = 0

  constructor(expectedJson: string, replacementJson: string) {
    this.#swap = new IdSwap(expectedJson, replacementJson)
  }

  get isAnswered(): boolean {
    return this.#swap.isAnswered
  }

  /** Nothing of an event has gone out that a blank line has not closed: another event may be added. */
  get isAtBoundary(): boolean {
    return this.#isAtBoundary
  }

  push(chunk: Buffer, emit: (piece: Buffer) => void): void {
    let at = this.#mark < MARK.length ? this.#skipMark(chunk) : 0
    while (at < chunk.length) {
      const byte = chunk[at] as number
      if (this.#isAfterCr) {
        this.#isAfterCr = false
        if (byte === LF) {
          at += 1 // the second half of CRLF: the line ended at the first
          continue
        }
      }
      if (byte === LF || byte === CR) {
        this.#endLine(emit)
        this.#isAfterCr = byte === CR
        at += 1
      } else at = this.#lineBytes(chunk, at, emit)
    }
  }

  #skipMark(chunk: Buffer): number {
    let at = 0
    while (at < chunk.length && this.#mark < MARK.length) {
      if (chunk[at] !== MARK[this.#mark]) {
        this.#name.push(...MARK.slice(0, this.#mark))
        this.#mark = MARK.length
        return at
      }
      this.#mark += 1
      at += 1
    }
    return at
  }

  #lineBytes(chunk: Buffer, from: number, emit: (piece: Buffer) => void): number {
    let at = from
    while (this.#line === 'undecided' && at < chunk.length) {
      const byte = chunk[at] as number
      if (byte === LF || byte === CR) return at
      this.#name.push(byte)
      at += 1
      if (byte === COLON || this.#name.length === NAME_LIMIT) this.#decide(emit)
    }
    if (this.#line === 'data') return this.#swap.feed(chunk, at, chunk.length, true, emit)
    let end = at
    while (end < chunk.length && chunk[end] !== LF && chunk[end] !== CR) end += 1
    if (this.#line === 'pass' && end > at) emit(chunk.subarray(at, end))
    return end
  }

  #decide(emit: (piece: Buffer) => void): void {
    const field = Buffer.from(this.#name).toString('latin1')
    this.#name = []
    this.#line =
      field === 'data:' ? 'data' : field === 'id:' || field === 'retry:' ? 'drop' : 'pass'
    if (this.#line === 'drop') return
    this.#isAtBoundary = false
    emit(Buffer.from(field, 'latin1'))
  }

  #endLine(emit: (piece: Buffer) => void): void {
    const isBlank = this.#line === 'undecided' && this.#name.length === 0
    if (this.#line === 'undecided' && !isBlank) this.#decideShort(emit)
    if (isBlank) {
      this.#swap.endMessage(emit)
      this.#isAtBoundary = true
      emit(NEWLINE)
    } else if (this.#line !== 'drop') {
      if (this.#line === 'data') this.#swap.feed(JOINT, 0, 1, false, emit)
      else emit(NEWLINE)
    }
    this.#line = 'undecided'
  }

  /** A line without a colon: a field name alone, `id` among them. */
  #decideShort(emit: (piece: Buffer) => void): void {
    const field = Buffer.from(this.#name).toString('latin1')
    this.#name = []
    this.#line = field === 'id' || field === 'retry' ? 'drop' : 'pass'
    if (this.#line === 'pass') {
      this.#isAtBoundary = false
      emit(Buffer.from(field, 'latin1'))
    }
  }
}

const NEWLINE = Buffer.from([LF])
/** Between two data lines of one event stands a line feed, which to JSON is white space. */
const JOINT = NEWLINE
