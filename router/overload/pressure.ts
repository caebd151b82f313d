// From what is measured to what is refused: pure, so that every step of the way can be held against a table.
import { CRITICALITIES, type Criticality, rankOf } from '#routes/criticality.ts'

export interface Signals {
  /** How much later than asked the event loop came round, on average since the last reading. */
  readonly loopDelayMs: number
  /** Since the last reading, the part in which the event loop had no rest: with many calls at once its turns stay short all the same. */
  readonly busyShare: number
  /** Of the heap that V8 may have at most, the part that is used. */
  readonly heapShare: number
  /** Calls under way: no reason to refuse by itself, as each may wait for a tool. */
  readonly inFlight: number
  /** The same: whose queue is long is overloaded, which is one cluster and not this router. */
  readonly oldestWaitMs: number
}

/** 0 normal; 1 to 3: so many criticalities are refused, the lowest first; 4: no new connections either. */
export type Level = 0 | 1 | 2 | 3 | 4

/** Where levels 1, 2 and 3 begin. */
const LATE_MS = [30, 80, 200] as const
const FULL_HEAP = 0.92
/**
 * Of the time since the last reading. A loop that had rest has caught up with all that came, however late: on a machine that others keep busy
 * it waits for its turn, and would wait as long with fewer calls.
 */
const NO_REST = 0.9
/** The heap is so near its end that a process which goes on dies with every call it has. */
const LAST_HEAP = 0.95
/** So far below where a level began is calm: at the threshold itself it would be left and entered at every reading. */
const CALM = 2 / 3
const CALM_HEAP = 0.03

interface Ease {
  readonly late: number
  readonly heap: number
}

const AT_ONCE: Ease = { late: 1, heap: 0 }
const EASED: Ease = { late: CALM, heap: CALM_HEAP }

function levelAbove({ loopDelayMs, busyShare, heapShare }: Signals, ease: Ease): Level {
  const lateMs = busyShare < NO_REST ? 0 : loopDelayMs
  if (heapShare >= LAST_HEAP - ease.heap) return 4
  if (heapShare >= FULL_HEAP - ease.heap || lateMs > LATE_MS[2] * ease.late) return 3
  if (lateMs > LATE_MS[1] * ease.late) return 2
  return lateMs > LATE_MS[0] * ease.late ? 1 : 0
}

export const levelOf = (signals: Signals): Level => levelAbove(signals, AT_ONCE)

/**
 * What is refused now. `value` runs from 0 to 4: at 1.3 all that is sheddable and 0.3 of what is sheddable_plus. Whole levels alone
 * would swing between serving nobody of a criticality and serving all of them, and lose most of what could be served.
 */
export interface Pressure {
  readonly value: number
  /** Of the last reading by itself. */
  readonly last: Level
  /** How much less there will be at the next calm reading. */
  readonly step: number
}

const FIRST_STEP = 0.02
/** With it the way down from the highest level takes sixteen readings. */
const LONGEST_STEP = 0.32

export const NO_PRESSURE: Pressure = Object.freeze({ value: 0, last: 0, step: FIRST_STEP })

/**
 * Up when two readings say so: a process that stood still once, with its machine perhaps, is late and has nothing to refuse. A full heap
 * does not pass by itself and counts at once. Down by steps that double while it stays calm, so that it finds how much can be served.
 */
export function nextPressure(before: Pressure, signals: Signals): Pressure {
  const last = levelOf(signals)
  const isFull = signals.heapShare >= FULL_HEAP
  const value = Math.max(before.value, isFull ? last : Math.min(last, before.last))
  const isCalm = levelAbove(signals, EASED) < Math.ceil(value)
  if (!isCalm || value === 0) return { value, last, step: FIRST_STEP }
  return {
    value: Math.max(0, value - before.step),
    last,
    step: Math.min(LONGEST_STEP, before.step * 2),
  }
}

export const levelAt = ({ value }: Pressure): Level => Math.ceil(value) as Level

/** Of calls of this criticality, the share that is refused. What is critical_plus never is. */
export const shedShare = ({ value }: Pressure, criticality: Criticality): number =>
  criticality === 'critical_plus' ? 0 : Math.min(1, Math.max(0, value - rankOf(criticality)))

/** In words for people. */
export function saysOf(level: Level): string {
  if (level === 0) return 'normal'
  const refused = CRITICALITIES.slice(0, Math.min(level, 3)).join(', ')
  return level === 4 ? `refuses ${refused} calls and new connections` : `refuses ${refused} calls`
}
