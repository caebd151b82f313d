// Calls that wait for a free slot of a cluster, first come first served, bounded in number and time.
// Never touched by a call that finds a slot.
export class SlotQueue {
  readonly #waiting: Array<{ wake: (isFree: boolean) => void; timer: NodeJS.Timeout }> = []

  get length(): number {
    return this.#waiting.length
  }

  /** True when a slot came free in time; false when the queue is full or the wait is over. */
  wait(limits: { readonly queue: number; readonly waitMs: number }): Promise<boolean> {
    if (this.#waiting.length >= limits.queue) return Promise.resolve(false)
    return new Promise(resolve => {
      const entry = {
        wake: resolve,
        timer: setTimeout(() => {
          const index = this.#waiting.indexOf(entry)
          if (index >= 0) this.#waiting.splice(index, 1)
          resolve(false)
        }, limits.waitMs),
      }
      this.#waiting.push(entry)
    })
  }

  /** A slot came free: wakes the one who has waited longest. */
  free(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    clearTimeout(next.timer)
    next.wake(true)
  }

  /** The cluster is gone: nobody waits on. */
  close(): void {
    for (const { wake, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      wake(false)
    }
  }
}
