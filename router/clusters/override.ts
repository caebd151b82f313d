// What somebody has decided about one replica by hand, and the replica as it is with that.
import type { Instance } from './discovery/instance.ts'

export interface Override {
  /** `draining`: nothing new, sessions stay. `down`: nothing at all. */
  readonly state?: 'draining' | 'down'
  readonly weight?: number
  /** In the words of whoever decided it. */
  readonly reason: string
  /** When it ends, on the monotonic clock. */
  readonly untilMs: number
}

/** How its breaker is held until somebody resets it. */
export type HeldBreaker = 'open' | 'closed'

export interface Decided {
  readonly override?: Override
  readonly breaker?: HeldBreaker
}

/** Of the replicas of one cluster, known now or not, by key. */
export interface Decisions {
  readonly of: (key: string) => Decided
  readonly keys: () => Iterable<string>
  /** Tells of each change until what it returns is called: also a cluster that a newer table makes ready must hear of them. */
  readonly follow: (onChanged: (key: string) => void) => () => void
}

/** Of decisions that wait for a replica, in words. */
export function waitingNotes(
  { keys }: Decisions,
  isKnown: (key: string) => boolean,
): readonly string[] {
  const waiting = [...keys()].filter(key => !isKnown(key))
  if (waiting.length === 0) return []
  return [`decided by hand, for when they are back: ${waiting.slice(0, MOST_NAMED).join(', ')}`]
}

/** A line must not grow with what was decided. */
const MOST_NAMED = 10
const DOING = { draining: 'drained', down: 'in maintenance' } as const

/** A source that says worse keeps the last word. */
export function overridden(told: Instance, override: Override | undefined): Instance {
  if (override === undefined) return told
  const { state, weight = told.weight, reason } = override
  if (state === undefined || told.state === 'down') return { ...told, weight }
  return { ...told, weight, state, reason: `${DOING[state]} by hand: ${reason}` }
}
