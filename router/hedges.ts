// When a read that is slow is tried at a second replica as well: after what 95 of 100 answers of its tool take, and for two calls of a
// hundred at most. A second try costs what a call costs, so that what it adds is bounded whatever the delay is.
import type { ClusterPolicy, HedgePolicy } from '#routes/route-table.ts'
import type { Hedge } from './stages/forward.ts'

/** First bytes of a tool that are remembered. */
const SAMPLES = 1_000
/** Of fewer no share says anything. */
const LEAST_SAMPLES = 20
const SHARE = 0.95
/** The sorting is for so many answers together. */
const EVERY = 50
/** Sooner than this a second try would cost more than it wins. */
const LEAST_MS = 20
const EXTRA_LOAD = 0.02
/** What quiet hours leave is not spent at once when everything is slow. */
const MOST_CREDIT = 5

/** Times to the first byte, and the one that 95 of 100 do not exceed. */
export class FirstBytes {
  readonly #ms = new Float32Array(SAMPLES)
  #count = 0
  #p95: number | undefined

  add(ms: number): void {
    this.#ms[this.#count % SAMPLES] = ms
    this.#count += 1
    if (this.#count === LEAST_SAMPLES || this.#count % EVERY === 0) {
      const sorted = this.#ms.slice(0, Math.min(this.#count, SAMPLES)).sort()
      this.#p95 = sorted[Math.ceil(sorted.length * SHARE) - 1]
    }
  }

  /** Undefined until enough is known. */
  get p95(): number | undefined {
    return this.#p95
  }
}

interface Known {
  credit: number
  /** Bounded by the tools that replicas list and documents let hedge. */
  readonly tools: Map<string, FirstBytes>
}

export class Hedges {
  readonly #nowMs: () => number
  /** Bounded by the clusters that live. */
  readonly #known = new WeakMap<ClusterPolicy, Known>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** A call sets out, and earns its share of a second try. */
  begin(cluster: ClusterPolicy, tool: string, { afterMs }: HedgePolicy): Hedge {
    const beganMs = this.#nowMs()
    const known = this.#of(cluster)
    known.credit = Math.min(MOST_CREDIT, known.credit + EXTRA_LOAD)
    const times = known.tools.get(tool) ?? new FirstBytes()
    known.tools.set(tool, times)
    const waitMs = afterMs ?? times.p95
    return {
      delayMs: waitMs === undefined ? undefined : Math.max(LEAST_MS, waitMs),
      take: () => {
        if (known.credit < 1) return false
        known.credit -= 1
        return true
      },
      answered: () => times.add(this.#nowMs() - beganMs),
    }
  }

  #of(cluster: ClusterPolicy): Known {
    const known = this.#known.get(cluster) ?? { credit: 0, tools: new Map<string, FirstBytes>() }
    this.#known.set(cluster, known)
    return known
  }
}
