// One slice of load on one arm: a gate before it, the kernel's accounting around it, and one retry when the machine was busy.
// The waits of a whole run have one budget, so that it ends in time whatever the neighbours do.
import { type Moment, momentOf, sharesBetween, treeCpuNs } from './accounting.ts'
import type { Arm } from './arms.ts'
import type { Children, Launch } from './children.ts'
import { MOST_FOREIGN, type Slice } from './slices.ts'
import type { Load } from './wrk.ts'

/** Above it a slice does not begin while there is time left to wait. */
const MOST_BEFORE = 0.12
/** Fifty ticks of the accounting of two cores: fine enough for a share of twelve in a hundred. */
const LOOK_MS = 250

export interface Generator {
  readonly command: (url: string, connections: number) => Launch['command']
  readonly read: (text: string) => Load
}

export type Place = Pick<Slice, 'connections' | 'round' | 'start'>

export class Gauge {
  readonly #children: Children
  readonly #pids: () => readonly number[]
  #budgetMs: number

  /** `pids`: every process of the run that is alive now. */
  constructor(children: Children, pids: () => readonly number[], budgetMs: number) {
    this.#children = children
    this.#pids = pids
    this.#budgetMs = budgetMs
  }

  async slice(arm: Arm, generator: Generator, place: Place): Promise<Slice> {
    await this.#quiet()
    const first = await this.#once(arm, generator, place)
    if (first.dropped === undefined || this.#budgetMs <= 0) return first
    const began = performance.now()
    await this.#quiet()
    const second = await this.#once(arm, generator, place)
    this.#budgetMs -= performance.now() - began
    return second
  }

  /** A load that is not measured. */
  async load(arm: Arm, generator: Generator, connections: number): Promise<Load> {
    const text = await this.#children.output(generator.command(arm.url, connections), 'load')
    return generator.read(text)
  }

  async #quiet(): Promise<void> {
    while (this.#budgetMs > 0) {
      const before = this.#now()
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
      const { foreign } = sharesBetween(before, this.#now())
      if (foreign < MOST_BEFORE) return
      this.#budgetMs -= LOOK_MS
    }
  }

  async #once(arm: Arm, generator: Generator, place: Place): Promise<Slice> {
    const before = this.#now()
    const cpuBefore = treeCpuNs(arm.child.pid)
    const load = await this.load(arm, generator, place.connections)
    const cpuNs = treeCpuNs(arm.child.pid) - cpuBefore
    const { foreign, steal } = sharesBetween(before, this.#now())
    const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
    return {
      arm: arm.name,
      ...place,
      ...load,
      cpuUsPerCall: cpuNs / 1_000 / Math.max(1, load.calls),
      foreignShare: foreign,
      stealShare: steal,
      ...(foreign > MOST_FOREIGN
        ? { dropped: `${percent(foreign)} of the machine ran something else` }
        : {}),
    }
  }

  #now(): Moment {
    return momentOf(this.#pids())
  }
}
