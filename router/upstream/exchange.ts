// One HTTP exchange with a replica: tells what was not sent from what was, and delivers the body at the reader's pace.
import { plainText } from '#foundation/plain-text.ts'
import { Gathered } from '#router/eras/gathered.ts'
import type { Attempt, UpstreamBody, UpstreamSink } from '#router/facts.ts'
import { allFields, firstField } from '#router/http1/fields.ts'
import { AddressRefused } from './address-guard.ts'
import type { Control, ResponseHandler } from './http1/connection.ts'
import { UpstreamFault } from './http1/faults.ts'
import type { Head } from './http1/head.ts'
import { Turns } from './turns.ts'

/** How far an exchange has come, in this order; `head` and `over` are reported once. */
export interface ExchangeEvents {
  readonly head: (attempt: Attempt) => void
  /** The reader is slower than the replica, for the first time or again: what is left is the reader's time. */
  readonly outpaced?: () => void
  /** The last byte has come, or nothing more will: frees what the call held. */
  readonly over: (isWhole: boolean) => void
}

/** Nobody can have read the request: the connection was not there. */
const NOBODY_THERE = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND)\b/

/** This process ran out of something, or has closed the connection itself: it says nothing of the replica. */
const OURS =
  /^(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL|EACCES|EPERM|CLOSED_HERE|INVALID_REQUEST)\b/

/** Taken of one answer before the loop turns: a replica that sends as fast as it can must not keep the answers of others waiting. */
const TURN_LIMIT = 65_536
/** What a piece costs besides its bytes, in bytes: chunks of one byte each are slow to read, too. */
const PIECE_COST = 1_024

/** Most bytes kept while nobody reads. */
const EARLY_LIMIT = 65_536

export class Exchange implements ResponseHandler, UpstreamBody {
  readonly #events: ExchangeEvents
  readonly #beganMs: number
  readonly #nowMs: () => number
  readonly #turns: Turns
  /** From the moment on at which the request goes out. */
  #control: Control | undefined
  #hasHead = false
  #isOver = false
  #isAborted = false
  /** Of `TURN_LIMIT`, since the last breather. */
  #taken = 0
  #isBreathing = false
  /** The reader, or that there is none yet, holds the answer back. */
  #isHeldBack = false
  /** Whoever reads expects nothing for now. */
  #isResting = false
  #sink: UpstreamSink | undefined
  #early: Buffer[] = []
  #earlyBytes = 0
  #ending: 'end' | 'broken' | undefined
  #collected: ((body: 'broken') => void) | undefined
  /** Waits for the end, or for as much as is kept. */
  #ahead: (() => void) | undefined

  /** `turns` is shared by those that must not keep each other's callers waiting. */
  constructor(events: ExchangeEvents, nowMs: () => number, turns = new Turns()) {
    this.#events = events
    this.#nowMs = nowMs
    this.#turns = turns
    this.#beganMs = nowMs()
  }

  onStart(control: Control): boolean {
    if (this.#isAborted) return false
    this.#control = control
    return true
  }

  onHead({ status, fields }: Pick<Head, 'status' | 'fields'>): void {
    this.#hasHead = true
    this.#events.head({
      kind: 'answered',
      status,
      contentType: firstField(fields, 'content-type') ?? '',
      header: name => (LISTS.includes(name) ? allFields : firstField)(fields, name),
      body: this,
      firstByteMs: this.#nowMs() - this.#beganMs,
    })
  }

  onData(bytes: Buffer): void {
    const sink = this.#sink
    if (sink === undefined) {
      this.#early.push(Buffer.from(bytes))
      this.#earlyBytes += bytes.length
      if (this.#earlyBytes <= EARLY_LIMIT) return
      this.#pause()
      this.#ahead?.()
      return
    }
    const mayGoOn = sink.lent === undefined ? sink.data(Buffer.from(bytes)) : sink.lent(bytes)
    if (!mayGoOn) this.#pause()
    this.#taken += bytes.length + PIECE_COST
    if (this.#taken > TURN_LIMIT) this.#breathe()
  }

  onEnd(): void {
    this.#end('end')
  }

  onFailed(error: Error): void {
    if (this.#isOver) return
    if (!this.#hasHead) {
      this.#hasHead = true
      this.#events.head(this.#failure(error))
    }
    this.#end('broken')
  }

  pipe(sink: UpstreamSink): void {
    let mayGoOn = true
    for (const chunk of this.#early) mayGoOn = sink.data(chunk) && mayGoOn
    this.#early = []
    this.#sink = sink
    if (this.#ending === 'end') sink.end()
    else if (this.#ending === 'broken') {
      if (!this.#isAborted) sink.broken()
    } else if (mayGoOn) this.resume()
    else this.#pause()
  }

  async breaksEarly(): Promise<boolean> {
    if (!this.#isOver && this.#earlyBytes <= EARLY_LIMIT)
      await new Promise<void>(resolve => {
        this.#ahead = resolve
      })
    return this.#ending === 'broken' && !this.#isAborted
  }

  collect(limit: number): Promise<Buffer | 'too_large' | 'broken'> {
    return new Promise(resolve => {
      const gathered = new Gathered()
      this.#collected = resolve // a sink hears nothing after an abort, but who waits for a body must
      this.pipe({
        data: chunk => {
          if (gathered.length + chunk.length > limit) {
            resolve('too_large')
            this.abort()
            return false
          }
          gathered.add(chunk)
          return true
        },
        end: () => resolve(gathered.take()),
        broken: () => resolve('broken'),
      })
      if (this.#isAborted) resolve('broken')
    })
  }

  resume(): void {
    this.#isHeldBack = false
    if (this.#isResting) this.#control?.rest(false)
    this.#isResting = false
    if (!this.#isBreathing) this.#control?.resume()
  }

  rest(): void {
    this.#isResting = true
    this.#control?.rest(true)
  }

  abort(): void {
    this.#giveUp({ kind: 'abandoned' })
  }

  /** Its time is over. `isCallers`: the caller gave it less than policy does. */
  expire(isCallers: boolean): void {
    const detail = 'the deadline of the call is over'
    const isSent = this.#control !== undefined
    this.#giveUp(isSent ? late(detail, isCallers) : unsent(detail, isCallers))
  }

  #giveUp(attempt: Attempt): void {
    if (this.#isAborted || this.#isOver) return
    this.#isAborted = true
    if (!this.#hasHead) {
      this.#hasHead = true
      this.#events.head(attempt)
    }
    this.#control?.abort()
    this.#end('broken')
    this.#collected?.('broken')
  }

  #pause(): void {
    if (this.#isOver) return
    this.#isHeldBack = true
    this.#control?.pause()
    this.#events.outpaced?.()
  }

  #breathe(): void {
    this.#taken = 0
    if (this.#isBreathing || this.#isOver) return
    this.#isBreathing = true
    if (!this.#isHeldBack) this.#control?.pause()
    this.#turns.queue(() => {
      this.#isBreathing = false
      if (!this.#isOver && !this.#isHeldBack) this.#control?.resume()
    })
  }

  #end(how: 'end' | 'broken'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ending = how
    this.#events.over(how === 'end')
    this.#ahead?.()
    if (this.#sink === undefined || this.#isAborted) return
    if (how === 'end') this.#sink.end()
    else this.#sink.broken()
  }

  #failure(error: Error): Attempt {
    const code = (error as NodeJS.ErrnoException).code ?? error.name
    const detail = plainText(
      error instanceof AddressRefused ? error.message : `${code}: ${wordsOf(error)}`,
    )
    const ours = OURS.test(detail) ? ({ isOurs: true } as const) : undefined
    if (this.#control === undefined)
      return { kind: 'not_sent', detail, isNobodyThere: NOBODY_THERE.test(detail), ...ours }
    const isTimeout = error instanceof UpstreamFault && error.code === 'FIRST_BYTE_TIMEOUT'
    return isTimeout ? { kind: 'timeout', detail } : { kind: 'no_answer', detail, ...ours }
  }
}

const late = (detail: string, isCallers: boolean): Attempt => ({
  kind: 'timeout',
  detail,
  ...(isCallers ? { isCallers: true } : {}),
})

/** No connection was there in the time that it had. */
const unsent = (detail: string, isCallers: boolean): Attempt => ({
  kind: 'not_sent',
  detail,
  isNobodyThere: false,
  ...(isCallers ? { isOurs: true } : {}),
})

/** A name with several addresses fails once for each, and says nothing as a whole. */
const wordsOf = (error: Error): string =>
  error instanceof AggregateError && error.message === ''
    ? error.errors.map(({ message }: Error) => message).join('; ')
    : error.message

/** Fields of which every line counts: lists, and the id of a session, of which two are none. */
const LISTS: readonly string[] = [
  'connection',
  'content-encoding',
  'mcp-session-id',
  'transfer-encoding',
]
