// Before a router refuses calls its callers are let go, one after another: those who keep a connection would otherwise find out all at
// once that they must connect anew.
import type { Server, Socket } from 'node:net'
import type { Random } from '#foundation/clock.ts'

export class Parting {
  readonly #nowMs: () => number
  readonly #random: Random
  #fromMs = Number.POSITIVE_INFINITY
  #overMs = 1
  /** Who has come since the last calls began. */
  #newcomers: WeakSet<Socket> | undefined

  constructor(nowMs: () => number, random: Random) {
    this.#nowMs = nowMs
    this.#random = random
  }

  get hasBegun(): boolean {
    return this.#fromMs !== Number.POSITIVE_INFINITY
  }

  /** From `afterMs` on, and all of them once `overMs` more have passed. */
  begin(afterMs: number, overMs: number): void {
    this.#fromMs = this.#nowMs() + afterMs
    this.#overMs = Math.max(1, overMs)
  }

  /** Whoever kept a connection and made no call meanwhile was not let go, and does not know: its next call is served, and it is told then. */
  beginLastCalls(server: Server): void {
    const newcomers = new WeakSet<Socket>()
    this.#newcomers = newcomers
    server.on('connection', socket => newcomers.add(socket))
  }

  endLastCalls(): void {
    this.#newcomers = undefined
  }

  isLastCall(socket: Socket): boolean {
    return this.#newcomers?.has(socket) === false
  }

  /** Whether the connection of this answer is kept for another request: rarer and rarer. */
  mayStay(): boolean {
    if (!this.hasBegun) return true
    const gone = (this.#nowMs() - this.#fromMs) / this.#overMs
    return gone <= 0 || this.#random() >= gone
  }
}
