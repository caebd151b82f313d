// Calls that wait for a free slot of a cluster, first come first served, bounded in number and time.
// Never touched by a call that finds a slot. Who waits for one certain replica lets those behind pass until its turn comes.
interface Waiter {
  readonly mayGo: () => boolean
  readonly wake: (isFree: boolean) => void
  readonly timer: NodeJS.Timeout
}

export class SlotQueue {
  readonly #waiting: Waiter[] = []

  get length(): number {
    return this.#waiting.length
  }

  /** True when a slot that `mayGo` takes came free in time; false when the queue is full or the wait is over. */
  wait(
    limits: { readonly queue: number; readonly waitMs: number },
    mayGo: () => boolean,
  ): Promise<boolean> {
    if (this.#waiting.length >= limits.queue) return Promise.resolve(false)
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        resolve(false)
      }, limits.waitMs)
      const waiter = { mayGo, wake: resolve, timer }
      this.#waiting.push(waiter)
    })
  }

  /** A slot came free: wakes the one who has waited longest of those who can use it. */
  free(): void {
    if (this.#waiting.length === 0) return
    this.#wake(this.#waiting.findIndex(({ mayGo }) => mayGo()))
  }

  /** A replica came into service: wakes everyone who can go. */
  freeAll(): void {
    for (const waiter of this.#waiting.filter(({ mayGo }) => mayGo()))
      this.#wake(this.#waiting.indexOf(waiter))
  }

  /** The cluster is gone: nobody waits on. */
  close(): void {
    for (const { wake, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      wake(false)
    }
  }

  #wake(index: number): void {
    if (index < 0) return
    const [waiter] = this.#waiting.splice(index, 1)
    clearTimeout(waiter?.timer)
    waiter?.wake(true)
  }
}
