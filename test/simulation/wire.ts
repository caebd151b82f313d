// One exchange over a simulated connection, as a real one would tell of it: in that order, and nothing after its end.
import type { Control, ResponseHandler } from '#router/upstream/http1/connection.ts'
import { UpstreamFault } from '#router/upstream/http1/faults.ts'

export class Wire implements Control {
  readonly #handler: ResponseHandler
  readonly #onOver: () => void
  #isOver = false
  #hasHead = false
  #isStarted = false

  constructor(handler: ResponseHandler, onOver: () => void) {
    this.#handler = handler
    this.#onOver = onOver
  }

  /** Written, and not over. */
  get isRunning(): boolean {
    return this.#isStarted && !this.#isOver
  }

  pause(): void {
    throw new Error('an answer of the simulation is never too large')
  }

  resume(): void {
    // nothing was paused
  }

  rest(): void {
    throw new Error('nothing is asked in the simulation')
  }

  abort(): void {
    this.#end(() => undefined)
  }

  /** The request is written; false when nobody wants it any more. */
  start(): boolean {
    if (this.#isOver) return false
    this.#isStarted = this.#handler.onStart(this)
    if (!this.#isStarted) this.abort()
    return this.#isStarted
  }

  answer(
    status: number,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): void {
    this.#begin(status, headers, body)
    this.#end(() => this.#handler.onEnd())
  }

  /** Half of it, and then the connection is lost. */
  breakOff(headers: Readonly<Record<string, string>>, body: Buffer): void {
    this.#begin(200, headers, body.subarray(0, body.length >> 1))
    this.fail('ECONNRESET')
  }

  fail(code: string): void {
    this.#fail(Object.assign(new Error(`simulated ${code}`), { code }))
  }

  /** The time for a first byte is over. */
  late(): void {
    if (this.#isStarted && !this.#hasHead)
      this.#fail(new UpstreamFault('FIRST_BYTE_TIMEOUT', 'simulated'))
  }

  #fail(error: Error): void {
    this.#end(() => this.#handler.onFailed(error))
  }

  #begin(
    status: number,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): void {
    if (this.#isOver) return
    this.#hasHead = true
    this.#handler.onHead({ status, fields: Object.entries(headers).flat() })
    if (body !== undefined && !this.#isOver) this.#handler.onData(body)
  }

  #end(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#onOver()
    tell()
  }
}
