// Calls that wait for a free slot of a cluster, first come first served, bounded in number and time.
// Never touched by a call that finds a slot. Who waits for one certain replica lets those behind pass until its turn comes.
interface Waiter {
  /** Takes what it waits for, if it is there: what is taken here is nobody else's from then on. */
  readonly take: () => boolean
  readonly end: () => void
}

/** Most waiters that are asked in vain for one slot: a long queue must not cost its length each time a call ends. */
const PASSED_BY = 16

export class SlotQueue {
  readonly #waiting: Waiter[] = []

  get length(): number {
    return this.#waiting.length
  }

  /**
   * What `take` took when its turn came; undefined when the queue is full, the wait is over, or `leave` was called.
   * `onWaiting` is given `leave`, for those whose caller may go away.
   */
  wait<Taken>(
    limits: { readonly queue: number; readonly waitMs: number },
    take: () => Taken | undefined,
    onWaiting?: (leave: () => void) => void,
  ): Promise<Taken | undefined> {
    if (this.#waiting.length >= limits.queue) return Promise.resolve(undefined)
    return new Promise(resolve => {
      let taken: Taken | undefined
      const leave = (): void => {
        const index = this.#waiting.indexOf(waiter)
        if (index >= 0) this.#waiting.splice(index, 1)
        waiter.end()
      }
      const timer = setTimeout(leave, limits.waitMs)
      const waiter: Waiter = {
        take: () => {
          taken = take()
          return taken !== undefined
        },
        end: () => {
          clearTimeout(timer)
          resolve(taken)
        },
      }
      this.#waiting.push(waiter)
      onWaiting?.(leave)
    })
  }

  /** Slots may have come free: each goes to the one who has waited longest of those who can use it. */
  free(): void {
    for (let passedBy = 0; passedBy < Math.min(this.#waiting.length, PASSED_BY); ) {
      const waiter = this.#waiting[passedBy] as Waiter
      if (waiter.take()) {
        this.#waiting.splice(passedBy, 1)
        waiter.end()
      } else passedBy += 1
    }
  }

  /** The cluster is gone: nobody waits on. */
  close(): void {
    for (const waiter of this.#waiting.splice(0)) waiter.end()
  }
}
