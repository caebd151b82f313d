// What people have decided about replicas, in the memory of this router: it ends when they said, and outlives a replica that registers
// anew as well as a change of the table, since neither is a reason to send calls where somebody has said not to.
import type { Clock } from '#foundation/clock.ts'
import type { Decided, Decisions, HeldBreaker, Override } from './clusters/override.ts'

interface Entry {
  readonly decided: Decided
  /** Ends the override. */
  readonly timer?: NodeJS.Timeout | undefined
}

/** At once. Who decides about more of them changes what the source says. */
const MOST = 1_000

export class Overrides {
  readonly #clock: Clock
  /** By cluster and key; bounded by MOST together. A cluster has a place here while something of it is decided. */
  readonly #entries = new Map<string, Map<string, Entry>>()
  /** Bounded by the clusters that are open. */
  readonly #followers = new Set<(cluster: string, replica: string) => void>()
  readonly #onEnded: (cluster: string, replica: string) => void

  /** `onEnded`: an override ended by itself. */
  constructor(clock: Clock, onEnded: (cluster: string, replica: string) => void) {
    this.#clock = clock
    this.#onEnded = onEnded
  }

  of(cluster: string, replica: string): Decided {
    return this.#entries.get(cluster)?.get(replica)?.decided ?? {}
  }

  has(cluster: string, replica: string): boolean {
    return this.#entries.get(cluster)?.has(replica) === true
  }

  /** What concerns one cluster. */
  about(cluster: string): Decisions {
    return {
      of: key => this.of(cluster, key),
      keys: () => this.#entries.get(cluster)?.keys() ?? [],
      follow: onChanged => {
        const follower = (changed: string, key: string): void => {
          if (changed === cluster) onChanged(key)
        }
        this.#followers.add(follower)
        return () => void this.#followers.delete(follower)
      },
    }
  }

  /** In the place of an earlier one; undefined when too much is decided already. */
  set(
    cluster: string,
    replica: string,
    { forMs, ...rest }: Omit<Override, 'untilMs'> & { readonly forMs: number },
  ): Override | undefined {
    if (!this.#hasRoom(cluster, replica)) return undefined
    const override = { ...rest, untilMs: this.#clock.nowMs() + forMs }
    const timer = setTimeout(() => {
      this.clear(cluster, replica)
      this.#onEnded(cluster, replica)
    }, forMs)
    timer.unref()
    this.#put(cluster, replica, { decided: { ...this.of(cluster, replica), override }, timer })
    return override
  }

  /** Ends the override, if there is one. */
  clear(cluster: string, replica: string): void {
    const { override, ...decided } = this.of(cluster, replica)
    if (override !== undefined) this.#put(cluster, replica, { decided })
  }

  /** Until it is held otherwise, or not at all; false when too much is decided already. */
  hold(cluster: string, replica: string, held: HeldBreaker | undefined): boolean {
    if (held !== undefined && !this.#hasRoom(cluster, replica)) return false
    const entry = this.#entries.get(cluster)?.get(replica)
    const { breaker: _, ...rest } = entry?.decided ?? {}
    const decided = held === undefined ? rest : { ...rest, breaker: held }
    this.#put(cluster, replica, { decided, timer: entry?.timer })
    return true
  }

  close(): void {
    for (const entries of this.#entries.values())
      for (const { timer } of entries.values()) clearTimeout(timer)
    this.#entries.clear()
  }

  #hasRoom(cluster: string, replica: string): boolean {
    let count = 0
    for (const entries of this.#entries.values()) count += entries.size
    return count < MOST || this.has(cluster, replica)
  }

  #put(cluster: string, replica: string, entry: Entry): void {
    const entries = this.#entries.get(cluster) ?? new Map<string, Entry>()
    const before = entries.get(replica)?.timer
    if (before !== entry.timer) clearTimeout(before)
    if (Object.keys(entry.decided).length > 0) entries.set(replica, entry)
    else entries.delete(replica)
    if (entries.size > 0) this.#entries.set(cluster, entries)
    else this.#entries.delete(cluster)
    for (const tell of this.#followers) tell(cluster, replica)
  }
}
