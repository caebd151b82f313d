// How fast one router asks its replicas, all clusters together: what goes first, how many at once, and how much of it is for
// replicas that were asked before. Calls go on meanwhile, so the loop is never taken for long.
import type { Random } from '#foundation/clock.ts'

/** Who waits to be asked. */
export interface Asked {
  /** Undefined when it need not be asked any more. */
  readonly ask: () => Promise<void> | undefined
}

/** Replicas that are asked again and again. */
export interface Turns {
  /** Turns a millisecond that would be right for them. */
  readonly wanted: number
}

/** Begun in one turn of the loop; to begin one takes some tenths of a millisecond. */
const AT_ONCE = 3
/** Then the loop is left to others. So a slow or busy machine asks more slowly by itself, and the fastest asks 600 a second. */
const BREAK_MS = 5
/** Most under way: each holds a connection, and replicas that hang hold it until their time is over. */
const MOST_RUNNING = 128
/** One costs 0.1 to 0.5 ms of a core, and by this many a second a router that has nothing else to do is told from a busy one. */
export const REPEATS_A_SECOND = 25

export class CheckPace {
  readonly #random: Random
  readonly #repeatsPerMs: number
  readonly #turns = new Set<Turns>() // bounded by the clusters, two of each
  // Both bounded by the endpoints, each of which waits once.
  readonly #due: Asked[] = []
  readonly #new: Asked[] = []
  #running = 0
  #break: NodeJS.Timeout | undefined

  constructor(random: Random, repeatsPerSecond = REPEATS_A_SECOND) {
    this.#random = random
    this.#repeatsPerMs = repeatsPerSecond / 1_000
  }

  /** Of those that were never asked each has the same chance to be next, so that routers do not all begin with the same. */
  askNew(asked: Asked): void {
    this.#new.push(asked)
    if (this.#break === undefined) this.#pause()
  }

  /** Before all that are new: at once, if nothing was begun a moment ago. */
  ask(asked: Asked): void {
    this.#due.push(asked)
    if (this.#break === undefined) this.#begin()
  }

  join(turns: Turns): void {
    this.#turns.add(turns)
  }

  leave(turns: Turns): void {
    this.#turns.delete(turns)
  }

  /**
   * The least time between two turns of the same replicas. Those of a small cluster have all the turns they want; the large
   * ones share what is left evenly. 0 when there is enough for all.
   */
  leastGapMs(): number {
    let left = this.#repeatsPerMs
    let hungry = [...this.#turns].filter(({ wanted }) => wanted > 0)
    while (hungry.length > 0) {
      const share = left / hungry.length
      const still = hungry.filter(({ wanted }) => wanted > share)
      if (still.length === hungry.length) return 1 / share
      for (const { wanted } of hungry) if (wanted <= share) left -= wanted
      hungry = still
    }
    return 0
  }

  #begin(): void {
    let begun = 0
    while (begun < AT_ONCE && this.#running < MOST_RUNNING) {
      const next = this.#due.shift() ?? this.#anyNew()
      if (next === undefined) break
      const asking = next.ask()
      if (asking === undefined) continue
      begun += 1
      this.#running += 1
      void asking.finally(() => {
        this.#running -= 1
      })
    }
    if (begun > 0 || this.#due.length + this.#new.length > 0) this.#pause()
  }

  #anyNew(): Asked | undefined {
    const place = Math.floor(this.#random() * this.#new.length)
    const chosen = this.#new[place]
    const last = this.#new.pop()
    if (last !== undefined && last !== chosen) this.#new[place] = last
    return chosen
  }

  #pause(): void {
    this.#break = setTimeout(() => {
      this.#break = undefined
      this.#begin()
    }, BREAK_MS)
    this.#break.unref()
  }
}
