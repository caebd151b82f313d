// One exchange over a simulated connection, as the router's own client would tell of it: in that order, and nothing after its end.
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

export class Wire implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #onOver: () => void
  #reason: Error | null = null
  #isOver = false
  #hasHead = false
  #isStarted = false

  constructor(handler: Dispatcher.DispatchHandler, onOver: () => void) {
    this.#handler = handler
    this.#onOver = onOver
  }

  /** Written, and not over. */
  get isRunning(): boolean {
    return this.#isStarted && !this.#isOver
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  /** Answers here are smaller than what is ever held back. */
  get paused(): boolean {
    return false
  }

  get reason(): Error | null {
    return this.#reason
  }

  pause(): void {
    throw new Error('an answer of the simulation is never too large')
  }

  resume(): void {
    // nothing was paused
  }

  abort(reason: Error): void {
    this.#reason = reason
    this.#end(() => this.#handler.onResponseError?.(this, reason))
  }

  /** The request is written; false when nobody wants it any more. */
  start(): boolean {
    if (this.#isOver) return false
    this.#isStarted = true
    this.#handler.onRequestStart?.(this, undefined)
    return !this.#isOver
  }

  answer(status: number, headers: IncomingHttpHeaders, body: Buffer | undefined): void {
    this.#begin(status, headers, body)
    this.#end(() => this.#handler.onResponseEnd?.(this, {}))
  }

  /** Half of it, and then the connection is lost. */
  breakOff(headers: IncomingHttpHeaders, body: Buffer): void {
    this.#begin(200, headers, body.subarray(0, body.length >> 1))
    this.fail('ECONNRESET')
  }

  fail(code: string): void {
    const error = Object.assign(new Error(`simulated ${code}`), { code })
    this.#end(() => this.#handler.onResponseError?.(this, error))
  }

  /** The time for a first byte is over. */
  late(): void {
    if (this.#isStarted && !this.#hasHead) this.fail('UND_ERR_HEADERS_TIMEOUT')
  }

  #begin(status: number, headers: IncomingHttpHeaders, body: Buffer | undefined): void {
    if (this.#isOver) return
    this.#hasHead = true
    this.#handler.onResponseStart?.(this, status, headers)
    if (body !== undefined && !this.#isOver) this.#handler.onResponseData?.(this, body)
  }

  #end(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#onOver()
    tell()
  }
}
