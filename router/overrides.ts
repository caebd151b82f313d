// What people have decided about replicas, in the memory of this router: it ends by itself, and outlives a replica that registers anew
// as well as a change of the table, since neither is a reason to send calls where somebody has said not to.
import type { Clock } from '#foundation/clock.ts'
import type { Override } from './clusters/override.ts'

export interface Held {
  readonly cluster: string
  readonly replica: string
  readonly override: Override
}

interface Entry extends Held {
  readonly timer: NodeJS.Timeout
}

/** At once. Who decides about more of them changes what the source says. */
const MOST = 1_000

export class Overrides {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>() // bounded by MOST
  readonly #onEnded: (held: Held) => void

  constructor(clock: Clock, onEnded: (held: Held) => void) {
    this.#clock = clock
    this.#onEnded = onEnded
  }

  of(cluster: string, replica: string): Override | undefined {
    return this.#entries.get(keyOf(cluster, replica))?.override
  }

  /** In the place of an earlier one; undefined when there are too many. */
  set(
    cluster: string,
    replica: string,
    { forMs, ...rest }: Omit<Override, 'untilMs'> & { readonly forMs: number },
  ): Override | undefined {
    this.#drop(cluster, replica)
    if (this.#entries.size >= MOST) return undefined
    const override = { ...rest, untilMs: this.#clock.nowMs() + forMs }
    const held = { cluster, replica, override }
    const timer = setTimeout(() => {
      this.#drop(cluster, replica)
      this.#onEnded(held)
    }, forMs)
    timer.unref()
    this.#entries.set(keyOf(cluster, replica), { ...held, timer })
    return override
  }

  /** False when there was none. */
  clear(cluster: string, replica: string): boolean {
    return this.#drop(cluster, replica)
  }

  close(): void {
    for (const { cluster, replica } of this.#entries.values()) this.#drop(cluster, replica)
  }

  #drop(cluster: string, replica: string): boolean {
    const key = keyOf(cluster, replica)
    clearTimeout(this.#entries.get(key)?.timer)
    return this.#entries.delete(key)
  }
}

const keyOf = (cluster: string, replica: string): string => JSON.stringify([cluster, replica])
