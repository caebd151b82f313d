// The order of a run: which arm is measured when, and when a process has been warmed enough.
import { shuffled } from '../statistics.ts'
import type { ArmName } from './slices.ts'

export interface Step {
  readonly arm: ArmName
  readonly connections: number
  readonly round: number
}

/** One list of steps for each start of the processes; the rounds are shared out evenly, in order. */
export function planOf(
  run: {
    readonly arms: readonly ArmName[]
    readonly connections: readonly number[]
    readonly rounds: number
    readonly restarts: number
  },
  random: () => number,
): readonly (readonly Step[])[] {
  const starts: Step[][] = Array.from({ length: run.restarts }, () => [])
  for (let round = 0; round < run.rounds; round += 1) {
    const start = starts[Math.floor((round * run.restarts) / run.rounds)]
    for (const connections of shuffled(run.connections, random))
      for (const arm of shuffled(run.arms, random)) start?.push({ arm, connections, round })
  }
  return starts
}

export interface WarmSlice {
  readonly calls: number
  readonly rps: number
}

/** By calls, not by time: the compiler goes by how often code ran, and a slow machine would be measured half compiled. */
const LEAST_CALLS = 100_000
const MOST_CALLS = 250_000
/** Above the noise from slice to slice, below what another round of compilation brings. */
const STILL_RISING = 1.03
/** A machine that is busy with something else would be warmed for ever. */
const MOST_SLICES = 20

/** Enough calls, or a rate that has not risen in two slices. */
export function isWarm(slices: readonly WarmSlice[]): boolean {
  const calls = slices.reduce((sum, slice) => sum + slice.calls, 0)
  if (calls >= MOST_CALLS || slices.length >= MOST_SLICES) return true
  if (calls < LEAST_CALLS || slices.length < 3) return false
  const before = Math.max(...slices.slice(0, -2).map(({ rps }) => rps))
  return slices.slice(-2).every(({ rps }) => rps <= before * STILL_RISING)
}
