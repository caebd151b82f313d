// What somebody has decided about one replica for a while, and the replica as it is with that.
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

const DOING = { draining: 'drained', down: 'in maintenance' } as const

/** A source that says worse keeps the last word. */
export function overridden(told: Instance, override: Override | undefined): Instance {
  if (override === undefined) return told
  const { state, weight = told.weight, reason } = override
  if (state === undefined || told.state === 'down') return { ...told, weight }
  return { ...told, weight, state, reason: `${DOING[state]} by hand: ${reason}` }
}
