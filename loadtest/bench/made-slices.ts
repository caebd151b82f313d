// Slices as a quiet machine would give them, for the tests of what is made of slices.
import { ARM_NAMES, type ArmName, type Slice } from './slices.ts'

/** Calls a second and microseconds of CPU of each arm, where every must is met and no goal. */
const USUAL: Readonly<Record<ArmName, { readonly rps: number; readonly p50Us: number }>> = {
  direct: { rps: 140_000, p50Us: 70 },
  nginx: { rps: 63_000, p50Us: 126 },
  haproxy: { rps: 60_000, p50Us: 130 },
  'haproxy+jwt': { rps: 13_000, p50Us: 187 },
  floor: { rps: 24_000, p50Us: 168 },
  router: { rps: 15_000, p50Us: 190 },
}

export const sliceOf = (arm: ArmName, differences: Partial<Slice> = {}): Slice => ({
  arm,
  connections: 16,
  round: 0,
  start: 0,
  calls: USUAL[arm].rps,
  ...USUAL[arm],
  p99Us: 1_000,
  cpuUsPerCall: 1e6 / USUAL[arm].rps,
  errors: 0,
  bytesPerCall: 330,
  foreignShare: 0,
  stealShare: 0,
  ...differences,
})

/** Every arm at 1 and 16 connections; `change` plays what went wrong. */
export const madeSlices = (
  rounds: number,
  change: (slice: Slice) => Partial<Slice> = () => ({}),
): readonly Slice[] =>
  Array.from({ length: rounds }, (_, round) =>
    [1, 16].flatMap(connections =>
      ARM_NAMES.map(arm => {
        const slice = sliceOf(arm, { connections, round })
        return { ...slice, ...change(slice) }
      }),
    ),
  ).flat()
