// Members that get a turn one after another, evenly spread over an interval: with one timer for all of them, and sooner or later
// by itself when they become fewer or more.
import type { Random } from '#foundation/clock.ts'
import type { CheckPace, Turns } from './check-pace.ts'

/** Of each gap, so that routers do not ask in step. */
const JITTER = 0.2

export interface RoundPorts<Member> {
  readonly pace: CheckPace
  readonly random: Random
  /** It is out of the round, until it is added again. */
  readonly onTurn: (member: Member) => void
}

export class Round<Member> implements Turns {
  readonly #wantedMs: number
  readonly #ports: RoundPorts<Member>
  /** The next one first. Bounded by the endpoints of a cluster. */
  readonly #members = new Set<Member>()
  #timer: NodeJS.Timeout | undefined

  constructor(intervalMs: number, ports: RoundPorts<Member>) {
    this.#wantedMs = intervalMs
    this.#ports = ports
    ports.pace.join(this)
  }

  get wanted(): number {
    return this.#members.size / this.#wantedMs
  }

  /** From one turn of a member to its next: what was asked for, or longer among very many. */
  get intervalMs(): number {
    return Math.max(this.#wantedMs, this.#members.size * this.#ports.pace.leastGapMs())
  }

  add(member: Member): void {
    this.#members.add(member)
    if (this.#timer === undefined) this.#wait()
  }

  delete(member: Member): void {
    this.#members.delete(member)
    if (this.#members.size === 0) this.#stop()
  }

  close(): void {
    this.#members.clear()
    this.#stop()
    this.#ports.pace.leave(this)
  }

  #wait(): void {
    const gapMs = this.intervalMs / this.#members.size
    const jitter = 1 + JITTER * (2 * this.#ports.random() - 1)
    this.#timer = setTimeout(() => this.#turn(), gapMs * jitter)
    this.#timer.unref()
  }

  #turn(): void {
    this.#stop()
    for (const member of this.#members) {
      this.#wait() // while it counts: it will be back
      this.#members.delete(member)
      this.#ports.onTurn(member)
      return
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
