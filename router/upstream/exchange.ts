// One HTTP exchange with a replica, as an undici handler: tells what was not sent from what was, delivers the body at the
// reader's pace, and never lets the client send the same request twice.
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { plainText } from '#foundation/plain-text.ts'
import type { Attempt, UpstreamBody, UpstreamSink } from '#router/facts.ts'
import { AddressRefused } from './address-guard.ts'
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
  /^(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL|EACCES|EPERM|UND_ERR_(?:DESTROYED|CLOSED|INVALID_ARG|NOT_SUPPORTED))\b/

/** Answers of status 1xx that may come before the one that counts: each costs a head, and none says anything to a caller. */
const MOST_INFORMAL = 8

/** Taken of one answer before the loop turns: a replica that sends as fast as it can must not keep the answers of others waiting. */
const TURN_LIMIT = 65_536
/** What a piece costs besides its bytes, in bytes: chunks of one byte each are slow to read, too. */
const PIECE_COST = 1_024

/** Most bytes kept while nobody reads. */
const EARLY_LIMIT = 65_536

export interface ExchangeOptions {
  /** How long the final head may take; 0: whoever asks has a limit of its own. */
  readonly firstByteMs?: number
  readonly turns?: Turns
}

export class Exchange implements Dispatcher.DispatchHandler, UpstreamBody {
  readonly #events: ExchangeEvents
  readonly #beganMs: number
  readonly #nowMs: () => number
  readonly #firstByteMs: number
  readonly #turns: Turns
  #informal = 0
  /** Only once an informal answer has come, since each of them sets the client's own limit anew. */
  #lateTimer: NodeJS.Timeout | undefined
  #controller: Dispatcher.DispatchController | undefined
  #isSent = false
  #hasHead = false
  #isOver = false
  #isAborted = false
  /** Of `TURN_LIMIT`, since the last breather. */
  #taken = 0
  #isBreathing = false
  /** The reader, or that there is none yet, holds the answer back. */
  #isHeldBack = false
  #sink: UpstreamSink | undefined
  #early: Buffer[] = []
  #earlyBytes = 0
  #ending: 'end' | 'broken' | undefined
  #collected: ((body: 'broken') => void) | undefined
  /** Waits for the end, or for as much as is kept. */
  #ahead: (() => void) | undefined

  /** `turns` is shared by those that must not keep each other's callers waiting. */
  constructor(
    events: ExchangeEvents,
    nowMs: () => number,
    { firstByteMs = 0, turns = new Turns() }: ExchangeOptions = {},
  ) {
    this.#events = events
    this.#nowMs = nowMs
    this.#firstByteMs = firstByteMs
    this.#turns = turns
    this.#beganMs = nowMs()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isAborted || this.#isSent) {
      controller.abort(new Error(this.#isSent ? 'a request is sent once' : 'the caller has left'))
      return
    }
    this.#isSent = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#hasHead) return
    if (status < 200) return this.#informed(status)
    this.#hasHead = true
    clearTimeout(this.#lateTimer)
    this.#controller = controller
    this.#events.head({
      kind: 'answered',
      status,
      contentType: one(headers['content-type']) ?? '',
      header: name => (LISTS.includes(name) ? all(headers[name]) : one(headers[name])),
      body: this,
      firstByteMs: this.#nowMs() - this.#beganMs,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isAborted) return
    if (this.#sink === undefined) {
      this.#early.push(chunk)
      this.#earlyBytes += chunk.length
      if (this.#earlyBytes <= EARLY_LIMIT) return
      this.#pause(controller)
      this.#ahead?.()
      return
    }
    if (!this.#sink.data(chunk)) this.#pause(controller)
    this.#taken += chunk.length + PIECE_COST
    if (this.#taken > TURN_LIMIT) this.#breathe(controller)
  }

  onResponseEnd(): void {
    this.#end('end')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#hasHead) {
      this.#hasHead = true
      this.#events.head(this.#isAborted ? { kind: 'abandoned' } : this.#failure(error))
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
    else if (this.#controller !== undefined) this.#pause(this.#controller)
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
      const chunks: Buffer[] = []
      let bytes = 0
      this.#collected = resolve // a sink hears nothing after an abort, but who waits for a body must
      this.pipe({
        data: chunk => {
          bytes += chunk.length
          if (bytes > limit) {
            resolve('too_large')
            this.abort()
            return false
          }
          chunks.push(chunk)
          return true
        },
        end: () => resolve(Buffer.concat(chunks)),
        broken: () => resolve('broken'),
      })
      if (this.#isAborted) resolve('broken')
    })
  }

  resume(): void {
    this.#isHeldBack = false
    if (!this.#isBreathing) this.#controller?.resume()
  }

  abort(): void {
    this.#giveUp({ kind: 'abandoned' }, 'the caller has left')
  }

  /** Its time is over. `isCallers`: the caller gave it less than policy does. */
  expire(isCallers: boolean): void {
    const detail = 'the deadline of the call is over'
    this.#giveUp(this.#isSent ? late(detail, isCallers) : unsent(detail, isCallers), detail)
  }

  #informed(status: number): void {
    this.#informal += 1
    if (this.#informal > MOST_INFORMAL) {
      const detail = `more than ${MOST_INFORMAL} answers of status ${status} and no final one`
      this.#giveUp({ kind: 'no_answer', detail }, detail)
    } else if (this.#informal === 1 && this.#firstByteMs > 0) {
      const detail = `no final answer within ${this.#firstByteMs} ms, only some of status ${status}`
      const leftMs = this.#firstByteMs - (this.#nowMs() - this.#beganMs)
      this.#lateTimer = setTimeout(() => this.#giveUp({ kind: 'timeout', detail }, detail), leftMs)
      this.#lateTimer.unref()
    }
  }

  #giveUp(attempt: Attempt, why: string): void {
    if (this.#isAborted || this.#isOver) return
    this.#isAborted = true
    if (!this.#hasHead) {
      this.#hasHead = true
      this.#events.head(attempt)
    }
    this.#controller?.abort(new Error(why))
    this.#end('broken')
    this.#collected?.('broken')
  }

  #pause(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return
    this.#isHeldBack = true
    controller.pause()
    this.#events.outpaced?.()
  }

  #breathe(controller: Dispatcher.DispatchController): void {
    this.#taken = 0
    if (this.#isBreathing || this.#isOver) return
    this.#isBreathing = true
    if (!this.#isHeldBack) controller.pause()
    this.#turns.queue(() => {
      this.#isBreathing = false
      if (!this.#isOver && !this.#isHeldBack) controller.resume()
    })
  }

  #end(how: 'end' | 'broken'): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#lateTimer)
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
    if (!this.#isSent)
      return { kind: 'not_sent', detail, isNobodyThere: NOBODY_THERE.test(detail), ...ours }
    const isTimeout = (error as NodeJS.ErrnoException).code === 'UND_ERR_HEADERS_TIMEOUT'
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

/** Fields that may come in several lines, each of which counts. */
const LISTS: readonly string[] = ['content-encoding', 'transfer-encoding']

const all = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value
