// When calls must be over: one shared tick for all of them instead of a timer for each. A call is put into the slot of its moment and
// taken out when it ends; one that was extended is put further on only when its old moment comes. Connections to replicas have one, too.
import type { Clock } from '#foundation/clock.ts'

/** How often the wheel is looked at. A call is told two of them late at most. */
export const TICK_MS = 10
/** What is due later than one turn of the wheel is passed by until its turn has come: ten seconds of slots for calls. */
const SLOTS = 1_024
/** Turns that find no call before it stands still: calls that come one by one must not each begin it anew. */
const IDLE_TURNS = 100

/** One call or connection on the wheel; `dueMs` may move to a later moment at any time. */
export interface Spoke {
  dueMs: number
  /** Its moment has come; it is off the wheel by then. */
  readonly fire: () => void
  /** The wheel's own. */
  slot: Set<Spoke> | undefined
}

/**
 * For whatever waits for bytes: a loop looks at its timers before it reads, so that after the process stood still all that has come
 * meanwhile would be called late, though it is there.
 */
export const afterReads = (act: () => void): void => void setImmediate(act)

const atOnce = (act: () => void): void => act()

export class DeadlineWheel {
  readonly #nowMs: Clock['nowMs']
  readonly #tickMs: number
  readonly #when: (act: () => void) => void
  /** Bounded by the calls under way. */
  readonly #slots: ReadonlyArray<Set<Spoke>> = Array.from({ length: SLOTS }, () => new Set<Spoke>())
  #count = 0
  /** Every slot up to this tick has been looked at. */
  #doneTick = 0
  #timer: NodeJS.Timeout | undefined
  #idleTurns = 0

  constructor(nowMs: Clock['nowMs'], tickMs = TICK_MS, when = atOnce) {
    this.#nowMs = nowMs
    this.#tickMs = tickMs
    this.#when = when
  }

  /** Calls on it now. */
  get size(): number {
    return this.#count
  }

  get isTurning(): boolean {
    return this.#timer !== undefined
  }

  add(spoke: Spoke): void {
    if (this.#timer === undefined) this.#begin()
    this.#count += 1
    this.#put(spoke)
  }

  /** On it from now on, and due then. A later moment than before costs nothing now: it is found out when the old one comes. */
  move(spoke: Spoke, dueMs: number): void {
    const isSooner = dueMs < spoke.dueMs
    spoke.dueMs = dueMs
    if (spoke.slot !== undefined && !isSooner) return
    this.delete(spoke)
    this.add(spoke)
  }

  /** Acts once after so many milliseconds, two ticks late at most, unless what it returns is called before. */
  readonly after = (ms: number, act: () => void): (() => void) => {
    const spoke: Spoke = { dueMs: this.#nowMs() + ms, fire: act, slot: undefined }
    this.add(spoke)
    return () => this.delete(spoke)
  }

  delete(spoke: Spoke): void {
    if (spoke.slot?.delete(spoke) !== true) return
    spoke.slot = undefined
    this.#count -= 1
  }

  #begin(): void {
    this.#doneTick = Math.floor(this.#nowMs() / this.#tickMs)
    const turn = (): void => this.#turn()
    this.#timer = setInterval(() => this.#when(turn), this.#tickMs)
    this.#timer.unref() // a call holds a connection: that keeps the process, and no tick need
  }

  /** In the first slot that is looked at when it is due already: never before its moment. */
  #put(spoke: Spoke): void {
    const tick = Math.max(this.#tickOf(spoke), this.#doneTick + 1)
    const slot = this.#slots[tick % SLOTS]
    if (slot === undefined) throw new Error('a slot of the wheel is missing')
    spoke.slot = slot
    slot.add(spoke)
  }

  #turn(): void {
    const nowMs = this.#nowMs()
    const tick = Math.floor(nowMs / this.#tickMs)
    // After a long pause of the loop one turn of the wheel shows all of them.
    const from = Math.max(this.#doneTick + 1, tick - SLOTS + 1)
    this.#doneTick = Math.max(this.#doneTick, tick)
    for (let at = from; at <= tick; at += 1) this.#look(at % SLOTS, nowMs)
    this.#idleTurns = this.#count > 0 ? 0 : this.#idleTurns + 1
    if (this.#idleTurns < IDLE_TURNS) return
    this.#idleTurns = 0
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(index: number, nowMs: number): void {
    for (const spoke of this.#slots[index] ?? []) {
      if (spoke.dueMs <= nowMs) {
        this.delete(spoke)
        spoke.fire()
      } else if (this.#tickOf(spoke) % SLOTS !== index) {
        spoke.slot?.delete(spoke)
        this.#put(spoke) // it was extended since
      }
    }
  }

  /** The first tick that finds it due. */
  #tickOf({ dueMs }: Spoke): number {
    return Math.ceil(dueMs / this.#tickMs)
  }
}
