// An upstream event stream on its way to the caller: messages go on, with the id replaced, and comments, no more than are of use. `id:` and
// `retry:` go on where a caller can come back with them, and what no MCP client looks at stays here. Works on any split of the bytes.
import { type CommentPace, LONGEST_COMMENT } from './comment-pace.ts'
import type { Outlet } from './held-output.ts'
import type { MessageSwap } from './id-swap.ts'
import { LineEnds } from './line-ends.ts'

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
/** Longest field name that is told apart, plus the colon: `event:`. */
const NAME_LIMIT = 6
/** An event's type that is longer is not that of a message. */
const TYPE_LIMIT = 16
/** Of one event, in lines that are not handed on: they come at no caller's pace, and no server writes ids that long. */
const MOST_DROPPED = 65_536
/** A byte order mark may stand before the first line and is none of it. */
const MARK = [0xef, 0xbb, 0xbf] as const
const DATA = Buffer.from('data:')
const COMMENT = Buffer.from(':')
const MESSAGE_TYPE = Buffer.from('event: message\n')
const NEWLINE = Buffer.from([LF])

/** Of an event's id, and of the time after which a caller may come back, in characters; a longer one does not go on. */
const LONGEST_NOTE = 1_025

/** One that is not of visible ASCII could not go back in a header. */
const EVENT_ID = /^[!-~]{1,1000}$/

type Line = 'undecided' | 'data' | 'type' | 'comment' | 'note' | 'unheard' | 'drop'

export interface SsePorts {
  readonly out: Outlet
  readonly pace: CommentPace
  /** The tool has told how far it is. */
  readonly onProgress: () => void
  /** It asks something of its own; false where it must not. */
  readonly onQuestion: () => boolean
  /** What the caller may come back with for what follows on this event; absent where it could not. */
  readonly idOf?: (own: string) => string | undefined
}

export class SseRelay {
  /** The answer to the call went past whole: what comes behind it is for nobody. */
  isAnswered = false
  /** Code of the error that the answer is; undefined for a result. */
  errorCode: number | undefined
  /** An event that is no message, or not one for this caller: it and what follows is not handed on. */
  isBroken = false
  /** The caller has got an id with which it may come back. */
  isResumable = false
  /** Of the newest event that was whole and numbered: a stream goes on behind it. */
  lastEventId: string | undefined

  readonly #swap: MessageSwap
  readonly #out: Outlet
  readonly #pace: CommentPace
  readonly #onProgress: () => void
  readonly #onQuestion: () => boolean
  readonly #idOf: SsePorts['idOf']
  readonly #add: (piece: Buffer) => void
  #line: Line = 'undecided'
  /** Of a line too short yet to know its field, or of an event's type. */
  #text = ''
  #isAfterCr = false
  /** Something of an event has been added that no blank line has closed. */
  #isWithin = false
  /** Of the event that goes past. */
  #eventId: string | undefined
  /** The event's type says that it is no message. */
  #isForeign = false
  /** Lines of the event that go on at its end, once it is known to be good. */
  #notes = ''
  #note: 'id' | 'retry' = 'id'
  #dropped = 0
  /** Of the comment that goes past. */
  #commented = 0
  /** Bytes of the mark seen so far; all of them once the stream has begun. */
  #mark = 0

  constructor(swap: MessageSwap, ports: SsePorts) {
    const { out, pace, onProgress, onQuestion } = ports
    this.#idOf = ports.idOf
    this.#swap = swap
    this.#out = out
    this.#pace = pace
    this.#onProgress = onProgress
    this.#onQuestion = onQuestion
    this.#add = piece => out.add(piece)
  }

  /** Nothing of another event has been read yet: whoever goes on with the stream reads it from here. */
  get isBetween(): boolean {
    const isIdle = this.#line === 'undecided' && this.#text === ''
    return isIdle && !this.#isWithin && this.#eventId === undefined
  }

  push(chunk: Buffer): void {
    const ends = new LineEnds(chunk)
    let at = this.#mark < MARK.length ? this.#skipMark(chunk) : 0
    while (at < chunk.length && !this.isBroken && !this.isAnswered) {
      const byte = chunk[at] as number
      if (this.#isAfterCr && byte === LF) {
        this.#isAfterCr = false // the second half of CRLF: the line ended at the first
        at += 1
      } else if (byte === LF || byte === CR) {
        this.#endLine()
        this.#isAfterCr = byte === CR
        at += 1
      } else {
        this.#isAfterCr = false
        at = this.#lineBytes(chunk, at, ends.from(at))
      }
    }
  }

  #skipMark(chunk: Buffer): number {
    let at = 0
    while (at < chunk.length && this.#mark < MARK.length) {
      if (chunk[at] !== MARK[this.#mark]) {
        this.#text = String.fromCharCode(...MARK.slice(0, this.#mark))
        this.#mark = MARK.length
        return at
      }
      this.#mark += 1
      at += 1
    }
    return at
  }

  /** Of one line, as far as it is here. */
  #lineBytes(chunk: Buffer, from: number, end: number): number {
    let at = from
    while (this.#line === 'undecided' && at < end) {
      const byte = chunk[at] as number
      this.#text += String.fromCharCode(byte)
      at += 1
      if (byte === COLON || this.#text.length === NAME_LIMIT) this.#decide()
    }
    if (this.#line === 'data') {
      this.#swap.feed(chunk, at, end, this.#add)
      this.isBroken = this.#swap.isBroken
    } else if (this.#line === 'comment') this.#comment(chunk, at, end)
    else if (this.#line === 'unheard') this.#pace.drop(end - at)
    else if (this.#line === 'type') this.#keep(chunk, at, end)
    else if (this.#line === 'drop' || this.#line === 'note') {
      if (this.#line === 'note') this.#keep(chunk, at, end)
      this.#dropped += end - at
      this.isBroken = this.#dropped > MOST_DROPPED
    }
    return end
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const most = this.#line === 'note' ? LONGEST_NOTE : TYPE_LIMIT
    this.#text += chunk.toString('latin1', from, Math.min(to, from + most - this.#text.length))
  }

  #comment(chunk: Buffer, from: number, to: number): void {
    const end = Math.min(to, from + LONGEST_COMMENT - this.#commented)
    if (end > from) this.#add(chunk.subarray(from, end))
    this.#commented += end - from
    this.#pace.drop(to - end)
  }

  #decide(): void {
    const field = this.#text
    this.#text = ''
    if (field === ':') this.#beginComment()
    else if (field === 'event:') this.#line = 'type'
    else if (field === 'data:' && !this.#isForeign) {
      this.#line = 'data'
      this.#isWithin = true
      this.#add(DATA)
    } else if (field === 'id:' || (field === 'retry:' && this.#idOf !== undefined)) {
      this.#line = 'note'
      this.#note = field === 'id:' ? 'id' : 'retry'
    } else this.#line = 'drop'
  }

  #beginComment(): void {
    this.#line = this.#pace.take() ? 'comment' : 'unheard'
    this.#commented = 0
    if (this.#line === 'comment') this.#add(COMMENT)
  }

  #endLine(): void {
    const line = this.#line
    this.#line = 'undecided'
    if (line === 'data') this.#swap.endLine(this.#add)
    else if (line === 'type') this.#endType()
    else if (line === 'note') this.#endNote(this.#text.replace(/^ /, ''))
    else if (line === 'comment') {
      this.#add(NEWLINE)
      if (!this.#isWithin) this.#out.settle()
    } else if (line === 'undecided' && this.#text === '') this.#endEvent()
    this.#text = ''
  }

  #endType(): void {
    const type = this.#text.replace(/^ /, '')
    if (type === '') return
    if (type !== 'message') {
      this.#isForeign = true
      this.isBroken = this.#isWithin // what it holds has been taken for a message
      return
    }
    this.#isWithin = true
    this.#add(MESSAGE_TYPE)
  }

  /** The last of a kind counts; they are as many as fit into what may be dropped. */
  #endNote(text: string): void {
    if (this.#note === 'retry') {
      if (/^[0-9]{1,7}$/.test(text)) this.#notes += `retry: ${text}\n`
      return
    }
    if (EVENT_ID.test(text)) this.#eventId = text
    const id = this.#idOf?.(text)
    if (id === undefined) return
    this.#notes += `id: ${id}\n`
  }

  #endEvent(): void {
    const kind = this.#swap.end()
    const notes = this.#isForeign ? '' : this.#notes
    this.#notes = ''
    this.#isWithin = this.#isForeign = false
    this.#dropped = 0
    this.lastEventId = this.#eventId ?? this.lastEventId
    this.#eventId = undefined
    if (kind === 'bad' || (kind === 'request' && !this.#onQuestion())) {
      this.isBroken = true
      return
    }
    if (kind === 'answer') {
      this.isAnswered = true
      this.errorCode = this.#swap.errorCode
    } else if (kind === 'progress') this.#onProgress()
    if (notes !== '') {
      this.#add(Buffer.from(notes))
      this.isResumable ||= notes.includes('id: ')
    }
    this.#add(NEWLINE)
    this.#out.settle()
  }
}
