// How overloaded this router is, and whether it refuses a call for that. Costs a call one comparison while all is well.
import type { Random } from '#foundation/clock.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { CRITICALITIES, type Criticality } from '#routes/criticality.ts'
import { isBeyond, NO_LIMIT, nextLimit } from './concurrency-limit.ts'
import {
  type Level,
  levelAt,
  NO_PRESSURE,
  nextPressure,
  type Pressure,
  type Signals,
  shedShare,
} from './pressure.ts'

export interface OverloadPorts {
  /** What is true since it was last called. */
  readonly read: () => Signals
  /** Calls under way now. */
  readonly inFlight: () => number
  readonly random: Random
  readonly onReading: (level: Level) => void
  readonly onLevel: (change: {
    readonly level: Level
    readonly before: Level
    readonly signals: Signals
  }) => void
}

const READ_EVERY_MS = 250
const IDLE: Signals = { loopDelayMs: 0, busyShare: 0, heapShare: 0, inFlight: 0, oldestWaitMs: 0 }

/** Later the more there is to refuse: who comes back at once comes back into the same overload. */
const REFUSALS: readonly Refusal[] = [0, 1, 2, 3, 4].map(level =>
  Object.freeze({ code: 'RINGMAIN_OVERLOADED', retryAfterMs: Math.max(1, level) * 1_000 }),
)

export class Overload {
  readonly #ports: OverloadPorts
  readonly #shed = new Map<Criticality, number>(CRITICALITIES.map(word => [word, 0])) // one for each criticality
  #pressure: Pressure = NO_PRESSURE
  #limit = NO_LIMIT
  #isLimitReached = false
  #level: Level = 0
  #signals = IDLE
  #timer: NodeJS.Timeout | undefined

  constructor(ports: OverloadPorts) {
    this.#ports = ports
  }

  get level(): Level {
    return this.#level
  }

  /** As last read. */
  get signals(): Signals {
    return this.#signals
  }

  /** Calls refused so far, by criticality. */
  get shed(): ReadonlyMap<Criticality, number> {
    return this.#shed
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#read(), READ_EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Why a call of this criticality is not served now; it counts as refused from then on. */
  refusalOf(criticality: Criticality): Refusal | undefined {
    if (this.#level === 0) return undefined
    if (!this.#isOfShare(criticality) && !this.#isBeyondLimit(criticality)) return undefined
    this.#shed.set(criticality, (this.#shed.get(criticality) ?? 0) + 1)
    return REFUSALS[this.#level]
  }

  #isOfShare(criticality: Criticality): boolean {
    const share = shedShare(this.#pressure, criticality)
    return share === 1 || (share > 0 && this.#ports.random() < share)
  }

  #isBeyondLimit(criticality: Criticality): boolean {
    if (!isBeyond(this.#limit, this.#ports.inFlight(), criticality)) return false
    this.#isLimitReached = true
    return true
  }

  #read(): void {
    const signals = this.#ports.read()
    this.#signals = signals
    this.#pressure = nextPressure(this.#pressure, signals)
    this.#limit = nextLimit(this.#limit, signals, this.#isLimitReached)
    this.#isLimitReached = false
    const least = this.#limit.most === NO_LIMIT.most ? 0 : 1
    const [before, level] = [this.#level, Math.max(least, levelAt(this.#pressure)) as Level]
    this.#level = level
    if (level !== before) this.#ports.onLevel({ level, before, signals })
    this.#ports.onReading(level)
  }
}
