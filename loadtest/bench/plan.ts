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

/**
 * By calls, not by time: the compiler goes by how often code ran, and a slow machine would be measured half compiled. Nor by a
 * rate that has stopped rising: on a busy machine it stops and falls long before the code is compiled.
 */
const WARM_CALLS = 250_000
/** A machine that is busy with something else would be warmed for ever. */
const MOST_SLICES = 24

/** `calls`: of each slice so far. */
export const isWarm = (calls: readonly number[]): boolean =>
  calls.length >= MOST_SLICES || calls.reduce((sum, some) => sum + some, 0) >= WARM_CALLS
