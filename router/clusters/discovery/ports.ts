// What discovery needs of the outside: time, chance, waiting, a log. Tests give their own, so none waits for a real clock.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Random } from '#foundation/clock.ts'

/** Resolves after the time, or at once when the signal aborts; never rejects, so callers look at the signal. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

/** The part of a pino logger that discovery uses. */
export interface DiscoveryLog {
  readonly info: (fields: object, says: string) => void
  readonly warn: (fields: object, says: string) => void
}

export interface DiscoveryPorts {
  readonly clock: Clock
  readonly random: Random
  readonly wait: Wait
  readonly log: DiscoveryLog
}

export const systemWait: Wait = async (ms, signal) => {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Full jitter: routers that lost the same source must not return to it together. */
export function backOffMs(failuresInRow: number, random: Random, mostMs = 30_000): number {
  return random() * Math.min(mostMs, 250 * 2 ** Math.min(failuresInRow, 10))
}
