// The moment by which one call must be over, from the cluster's policy and the caller's own word. It counts from when the request
// arrived, so what was spent on reading and waiting is spent.
import type { Clock } from '#foundation/clock.ts'
import type { Deadline } from '#router/facts.ts'
import type { DeadlineWheel, Spoke } from './deadline-wheel.ts'

export interface Limits {
  readonly arrivedMs: number
  /** What the caller says is left to it; it is never exceeded. */
  readonly askedMs?: number
  readonly policy: { readonly defaultMs: number; readonly maxMs: number }
}

export class CallDeadline implements Deadline, Spoke {
  dueMs: number
  slot: Set<Spoke> | undefined
  isOver = false
  readonly #wheel: DeadlineWheel
  readonly #nowMs: Clock['nowMs']
  readonly #defaultMs: number
  /** By the caller's own word. */
  readonly #askedUntilMs: number
  /** Beyond it nothing extends it. */
  readonly #hardMs: number
  #listener: (() => void) | undefined

  constructor(wheel: DeadlineWheel, nowMs: Clock['nowMs'], limits: Limits) {
    const { arrivedMs, askedMs = Number.POSITIVE_INFINITY, policy } = limits
    this.#wheel = wheel
    this.#nowMs = nowMs
    this.#defaultMs = policy.defaultMs
    this.#askedUntilMs = arrivedMs + askedMs
    this.#hardMs = Math.min(arrivedMs + policy.maxMs, this.#askedUntilMs)
    this.dueMs = Math.min(arrivedMs + policy.defaultMs, this.#hardMs)
    if (this.dueMs <= nowMs()) this.isOver = true
    else wheel.add(this)
  }

  get isCallers(): boolean {
    return this.dueMs === this.#askedUntilMs
  }

  leftMs(): number {
    return Math.max(0, this.dueMs - this.#nowMs())
  }

  onOver(listener: () => void): void {
    this.#listener = listener
    if (this.isOver) listener()
  }

  extend(): void {
    const dueMs = Math.min(this.#nowMs() + this.#defaultMs, this.#hardMs)
    if (dueMs > this.dueMs) this.dueMs = dueMs // the wheel sees it when the old moment comes
  }

  hold(): void {
    this.dueMs = this.#hardMs
  }

  fire(): void {
    this.isOver = true
    const listener = this.#listener
    this.#listener = undefined
    listener?.()
  }

  /** The call is over, whatever became of it. */
  close(): void {
    this.#listener = undefined
    this.#wheel.delete(this)
  }
}
