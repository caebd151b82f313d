// One event stream of a caller, on which it is told what it did not ask for call by call. It ends with its caller, at an age, or by whoever
// opened it. A comment now and then shows that it is alive. What a slow caller does not take is bounded: of each change the newest is kept.
import type { Caller } from '#router/facts.ts'

/** Acts once after so many milliseconds, unless what it returns is called before. */
export type After = (ms: number, act: () => void) => () => void

export interface StreamLimits {
  readonly heartbeatMs: number
  readonly maxAgeMs: number
}

/** Changes that wait for a slow caller. One for which more would have to wait is parted with: it must learn that it missed something. */
const MOST_WAITING = 1_000
/** A client that reads a comment in the middle of nothing has read an empty event. */
const HEARTBEAT = ':\n\n'

const HEADERS = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})

export const eventOf = (json: string | Buffer, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${json.toString().replaceAll('\n', ' ')}\n\n`

export class CallerStream {
  /** Why it was parted with; undefined where it ended as it should. */
  broken: 'caller_gone' | undefined
  readonly #caller: Caller
  readonly #after: After
  readonly #limits: StreamLimits
  /** By what it tells of. Bounded by `MOST_WAITING`. */
  readonly #waiting = new Map<string, string>()
  readonly #closers: (() => void)[] = [] // as many as it has sources
  readonly #drained: (() => void)[] = []
  #isBegun = false
  #isFull = false
  #isOver = false
  #beat: (() => void) | undefined
  #age: (() => void) | undefined
  readonly #done = Promise.withResolvers<void>()

  constructor(caller: Caller, after: After, limits: StreamLimits) {
    this.#caller = caller
    this.#after = after
    this.#limits = limits
    caller.onGone(() => {
      this.broken = 'caller_gone'
      this.#close()
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Called once, when it is over, at once where it is already. */
  onOver(close: () => void): void {
    if (this.#isOver) close()
    else this.#closers.push(close)
  }

  /** Called each time that a slow caller has taken what it was given. */
  onDrained(listener: () => void): void {
    this.#drained.push(listener)
  }

  /** `first`: what it begins with. `atAge`: ends it in the words of its era. Resolves when it is over. */
  run(first: string, atAge: () => void): Promise<void> {
    if (this.#isOver) return this.#done.promise
    this.#isBegun = true
    this.#caller.begin(200, HEADERS)
    if (first !== '') this.write(first)
    this.#age = this.#after(this.#limits.maxAgeMs, atAge)
    this.#pulse()
    this.#flush()
    return this.#done.promise
  }

  /** In order, whatever the caller takes; false: whoever writes waits until it has drained. */
  write(text: string): boolean {
    if (this.#isOver) return true
    if (!this.#caller.write(text)) this.#wait()
    return !this.#isFull
  }

  /** A change: while the caller takes nothing, the newest of a key is kept. */
  put(key: string, text: string): void {
    if (this.#isOver) return
    if (this.#isBegun && !this.#isFull) {
      this.write(text)
      return
    }
    this.#waiting.set(key, text)
    if (this.#waiting.size > MOST_WAITING) this.cut()
  }

  /** What waits for a slow caller goes out before its last word: of a proper end nobody takes that a change was missed. */
  end(last = ''): void {
    if (this.#isOver) return
    if (this.#isBegun) for (const text of this.#waiting.values()) this.#caller.write(text)
    if (last !== '') this.#caller.write(last)
    this.#close()
    if (this.#isBegun) this.#caller.end()
  }

  /** It was never begun, and its caller is answered otherwise. */
  forsake(): void {
    this.#close()
  }

  cut(): void {
    if (this.#isOver) return
    this.#close()
    this.#caller.cut()
  }

  #pulse(): void {
    this.#beat = this.#after(this.#limits.heartbeatMs, () => {
      if (!this.#isFull) this.write(HEARTBEAT)
      if (!this.#isOver) this.#pulse()
    })
  }

  #wait(): void {
    if (this.#isFull) return
    this.#isFull = true
    this.#caller.onWritable(() => {
      this.#isFull = false
      this.#flush()
      if (!this.#isFull) for (const listener of this.#drained) listener()
    })
  }

  #flush(): void {
    for (const [key, text] of this.#waiting) {
      if (this.#isFull || this.#isOver) return
      this.#waiting.delete(key)
      this.write(text)
    }
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#beat?.()
    this.#age?.()
    this.#waiting.clear()
    for (const close of this.#closers) close()
    this.#done.resolve()
  }
}
