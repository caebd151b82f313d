// Calls that wait for a free slot of a cluster: the more critical first, among equals first come first served, bounded in number and
// time. Never touched by a call that finds a slot. Who waits for one certain replica lets those behind pass until its turn comes.
import { systemClock } from '#foundation/clock.ts'
import { CRITICALITIES, type Criticality, rankOf } from '#routes/criticality.ts'

const HIGHEST_RANK = rankOf('critical_plus')

interface Waiter {
  readonly sinceMs: number
  /** Takes what it waits for, if it is there: what is taken here is nobody else's from then on. */
  readonly take: () => boolean
  readonly end: () => void
}

export interface WaitLimits {
  readonly queue: number
  readonly waitMs: number
}

/** Most waiters that are asked in vain for one slot: a long queue must not cost its length each time a call ends. */
const PASSED_BY = 16
/** What an overloaded router would refuse now it keeps no longer: who has waited so long is about to give up, and who came last is not. */
const STALE_MS = 100
/** A queue whose oldest has waited so long takes no more calls of these ranks: it is long enough with those that matter. */
const FULL_FOR_MS: readonly number[] = [100, 500]

export class SlotQueue {
  /** By rank; together no more than the limit of the cluster. */
  readonly #lanes: readonly Waiter[][] = CRITICALITIES.map(() => [])
  readonly #nowMs: () => number
  /** Ranks below are given up. */
  #level = 0

  constructor(nowMs: () => number = systemClock.nowMs) {
    this.#nowMs = nowMs
  }

  get length(): number {
    let length = 0
    for (const lane of this.#lanes) length += lane.length
    return length
  }

  oldestWaitMs(nowMs: number): number {
    let oldest = 0
    for (const [first] of this.#lanes)
      if (first !== undefined) oldest = Math.max(oldest, nowMs - first.sinceMs)
    return oldest
  }

  /**
   * How overloaded the router is, told at every reading. Of calls that matter so little that new ones are refused, the newest goes
   * first, and who has waited for long goes without; those that matter more wait their turn as always.
   */
  overloaded(level: number): void {
    this.#level = Math.min(level, HIGHEST_RANK)
    this.#dropStale()
  }

  /**
   * What `take` took when its turn came; undefined when there is no room for one of its rank, the wait is over, or `leave` was called.
   * `onWaiting` is given `leave`, for those whose caller may go away. Nobody waits beyond `untilMs`, by the queue's clock.
   */
  wait<Taken>(
    limits: WaitLimits,
    take: () => Taken | undefined,
    more: {
      readonly criticality?: Criticality
      readonly onWaiting?: (leave: () => void) => void
      readonly untilMs?: number
    } = {},
  ): Promise<Taken | undefined> {
    const rank = rankOf(more.criticality ?? 'critical')
    this.#dropStale()
    if (!this.#hasRoom(limits.queue, rank)) return Promise.resolve(undefined)
    const lane = this.#lanes[rank] as Waiter[]
    return new Promise(resolve => {
      let taken: Taken | undefined
      const leave = (): void => {
        const index = lane.indexOf(waiter)
        if (index >= 0) lane.splice(index, 1)
        waiter.end()
      }
      const leftMs = (more.untilMs ?? Number.POSITIVE_INFINITY) - this.#nowMs()
      const timer = setTimeout(leave, Math.min(limits.waitMs, leftMs))
      const waiter: Waiter = {
        sinceMs: this.#nowMs(),
        take: () => {
          taken = take()
          return taken !== undefined
        },
        end: () => {
          clearTimeout(timer)
          resolve(taken)
        },
      }
      lane.push(waiter)
      more.onWaiting?.(leave)
    })
  }

  /** Slots may have come free: each goes to the most critical of those who can use it. */
  free(): void {
    this.#dropStale()
    let left = PASSED_BY
    for (let rank = this.#lanes.length - 1; rank >= 0 && left > 0; rank -= 1)
      left = this.#serve(rank, left)
  }

  /** The cluster is gone: nobody waits on. */
  close(): void {
    for (const lane of this.#lanes) for (const waiter of lane.splice(0)) waiter.end()
  }

  /** How many more may be asked in vain. */
  #serve(rank: number, most: number): number {
    const lane = this.#lanes[rank] as Waiter[]
    const isNewestFirst = rank < this.#level
    let left = most
    for (let passedBy = 0; passedBy < lane.length && left > 0; ) {
      const index = isNewestFirst ? lane.length - 1 - passedBy : passedBy
      const waiter = lane[index] as Waiter
      if (waiter.take()) {
        lane.splice(index, 1)
        waiter.end()
      } else {
        passedBy += 1
        left -= 1
      }
    }
    return left
  }

  /** Where the queue is full, who came last of those that matter less makes room. */
  #hasRoom(most: number, rank: number): boolean {
    const patience = FULL_FOR_MS[rank]
    if (patience !== undefined && this.oldestWaitMs(this.#nowMs()) > patience) return false
    if (this.length < most) return true
    for (let lower = 0; lower < rank; lower += 1) {
      const last = this.#lanes[lower]?.pop()
      if (last === undefined) continue
      last.end()
      return true
    }
    return false
  }

  #dropStale(): void {
    if (this.#level === 0) return
    const bornMs = this.#nowMs() - STALE_MS
    for (const lane of this.#lanes.slice(0, this.#level)) {
      let stale = 0
      while (stale < lane.length && (lane[stale] as Waiter).sinceMs < bornMs) stale += 1
      if (stale > 0) for (const waiter of lane.splice(0, stale)) waiter.end()
    }
  }
}
