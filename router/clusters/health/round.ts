// Members that get a turn one after another, evenly spread over an interval: with one timer for all of them, and sooner or later
// by itself when they become fewer or more.
import type { Random } from '#foundation/clock.ts'
import type { CheckPace, Turns } from './check-pace.ts'

/** Of each gap, so that routers do not ask in step. */
const JITTER = 0.2
/** Turns that would come closer than this are taken together: to wake up for one costs half as much again as to take it. */
const CLOSE_MS = 120
const MOST_TOGETHER = 3

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
    const together = Math.max(1, Math.min(MOST_TOGETHER, Math.floor(CLOSE_MS / gapMs)))
    const jitter = 1 + JITTER * (2 * this.#ports.random() - 1)
    this.#timer = setTimeout(() => this.#turn(together), gapMs * together * jitter)
    this.#timer.unref()
  }

  #turn(together: number): void {
    this.#stop()
    if (this.#members.size === 0) return
    this.#wait() // while they count: they will be back
    const next: Member[] = []
    for (const member of this.#members) if (next.push(member) === together) break
    for (const member of next) this.#members.delete(member)
    for (const member of next) this.#ports.onTurn(member)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
