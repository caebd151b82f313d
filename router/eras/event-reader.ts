// Reads an event stream of a tool server whole event by whole event, for those who must look at each: on any split of the bytes, and no
// more of one event than its reader allows.
import { isUtf8 } from 'node:buffer'
import { Gathered } from './gathered.ts'
import { LineEnds } from './line-ends.ts'

const LF = 0x0a
const CR = 0x0d
const MARK = Buffer.from('\uFEFF')
/** Of one event, besides its data: ids and types are short, and comments are for nobody. */
const MOST_OTHER = 65_536
const NEWLINE = Buffer.from('\n')

export interface StreamEvent {
  /** Of a message; absent for an event without one, which carries only what is said of the stream. */
  readonly data?: Buffer
  /** As it stands there; absent where none does, or where it could not go back in a header. */
  readonly id?: string
  /** After how many milliseconds the server wants to be asked again. */
  readonly retryMs?: number
}

export interface EventPorts {
  readonly onEvent: (event: StreamEvent) => void
  /** Bytes of one event. */
  readonly mostBytes: number
}

/** What may go back in `Last-Event-ID`: a server that uses other characters cannot be asked for the rest. */
const ID = /^[!-~]{1,1024}$/

export class EventReader {
  /** It is no event stream that may be read on. */
  isBroken = false
  readonly #ports: EventPorts
  /** Of a line that has not ended. */
  readonly #line = new Gathered()
  /** Of lines of the event that has not ended, as they came; and of its data. */
  #bytes = 0
  #other = 0
  readonly #data = new Gathered()
  #hasData = false
  #id: string | undefined
  #retryMs: number | undefined
  #isForeign = false
  #isAfterCr = false
  #isFirst = true

  constructor(ports: EventPorts) {
    this.#ports = ports
  }

  push(chunk: Buffer): void {
    const ends = new LineEnds(chunk)
    let at = 0
    while (at < chunk.length && !this.isBroken) {
      if (this.#isAfterCr && chunk[at] === LF) at += 1 // the second half of CRLF
      this.#isAfterCr = false
      const end = ends.from(at)
      if (end > at) this.#hold(chunk.subarray(at, end))
      if (end === chunk.length) return
      this.#isAfterCr = chunk[end] === CR
      this.#endLine()
      at = end + 1
    }
  }

  #hold(piece: Buffer): void {
    this.#bytes += piece.length
    this.isBroken = this.#bytes > this.#ports.mostBytes + MOST_OTHER
    this.#line.add(Buffer.from(piece)) // what is read into is used again
  }

  #endLine(): void {
    let line = this.#line.take()
    if (this.#isFirst && line.subarray(0, MARK.length).equals(MARK)) line = line.subarray(3)
    this.#isFirst = false
    if (line.length === 0) return this.#endEvent()
    const colon = line.indexOf(0x3a)
    const field = line.toString('latin1', 0, colon === -1 ? line.length : colon)
    const from = colon === -1 ? line.length : line[colon + 1] === 0x20 ? colon + 2 : colon + 1
    this.#take(field, line.subarray(from))
    if (field === 'data') return
    this.#other += line.length
    this.isBroken ||= this.#other > MOST_OTHER
  }

  #take(field: string, value: Buffer): void {
    if (field === 'data') this.#addData(value)
    else if (field === 'event') {
      const type = value.toString()
      this.#isForeign = type !== '' && type !== 'message'
    } else if (field === 'id') {
      const id = value.toString('latin1')
      this.#id = ID.test(id) ? id : undefined
    } else if (field === 'retry') {
      const ms = value.toString('latin1')
      if (/^[0-9]{1,7}$/.test(ms)) this.#retryMs = Number(ms)
    }
  }

  /** A line end within the data is white space of its JSON. */
  #addData(line: Buffer): void {
    if (this.#hasData) this.#data.add(NEWLINE)
    this.#hasData = true
    this.#data.add(line)
  }

  #endEvent(): void {
    const [data, id, retryMs, isForeign] = [
      this.#data.take(),
      this.#id,
      this.#retryMs,
      this.#isForeign,
    ]
    this.#hasData = false
    this.#id = this.#retryMs = undefined
    this.#isForeign = false
    this.#bytes = this.#other = 0
    if (isForeign) return // no message, and what an MCP client would not look at
    if (data.length > this.#ports.mostBytes || !isUtf8(data)) {
      this.isBroken = true
      return
    }
    const isMessage = data.length > 0 && data.toString('latin1').trim() !== ''
    if (!isMessage && id === undefined && retryMs === undefined) return
    this.#ports.onEvent({
      ...(isMessage ? { data } : {}),
      ...(id === undefined ? {} : { id }),
      ...(retryMs === undefined ? {} : { retryMs }),
    })
  }
}
