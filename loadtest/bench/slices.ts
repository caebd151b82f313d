// What one slice of load measured, and the ratios of two arms in the same round. A slice that was disturbed takes its
// round out of every ratio it belongs to: half a pair compares two different hours.

export const ARM_NAMES = ['direct', 'nginx', 'haproxy', 'haproxy+jwt', 'floor', 'router'] as const
export type ArmName = (typeof ARM_NAMES)[number]

export interface Slice {
  readonly arm: ArmName
  readonly connections: number
  readonly round: number
  /** Which start of the processes it belongs to. */
  readonly start: number
  readonly calls: number
  readonly rps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly cpuUsPerCall: number
  /** Socket errors, timeouts and statuses that are none of success. */
  readonly errors: number
  readonly bytesPerCall: number
  /** Of the whole machine, 0 to 1: what ran beside the load, the upstream and the arms. */
  readonly foreignShare: number
  readonly stealShare: number
  /** Why it counts for nothing. */
  readonly dropped?: string
}

/** Above it a slice counts for nothing. Of the whole machine, since a neighbour on either core slows both sides. */
export const MOST_FOREIGN = 0.08
/** Answers of one arm have one length; what differs more is another answer, which wrk takes for a good one. */
const LENGTH_TOLERANCE = 0.02

export type Measure = 'rps' | 'cpu' | 'p50 added' | 'p99'

export interface Pair {
  readonly over: ArmName
  readonly under: ArmName
  readonly measure: Measure
  readonly connections: number
}

/** One ratio for each round in which every slice it needs was kept. */
export function sameRoundRatios(slices: readonly Slice[], pair: Pair): readonly number[] {
  const rounds = [...new Set(slices.map(slice => slice.round))]
  return rounds.flatMap(round => {
    const of = (arm: ArmName): Slice | undefined =>
      slices.find(
        slice =>
          slice.arm === arm &&
          slice.round === round &&
          slice.connections === pair.connections &&
          slice.dropped === undefined,
      )
    const ratio = ratioOf(of, pair)
    return ratio !== undefined && Number.isFinite(ratio) && ratio > 0 ? [ratio] : []
  })
}

function ratioOf(
  of: (arm: ArmName) => Slice | undefined,
  { over, under, measure }: Pair,
): number | undefined {
  const one = of(over)
  const other = of(under)
  if (one === undefined || other === undefined) return undefined
  if (measure === 'rps') return one.rps / other.rps
  if (measure === 'cpu') return one.cpuUsPerCall / other.cpuUsPerCall
  if (measure === 'p99') return one.p99Us / other.p99Us
  const direct = of('direct')
  if (direct === undefined) return undefined
  const added = other.p50Us - direct.p50Us
  // Where the reference adds nothing that the clock can see, the ratio says nothing.
  return added > 0 ? Math.max(1, one.p50Us - direct.p50Us) / added : undefined
}

/** What was wrong with the answers themselves, one sentence an arm; no ratio of such a run is worth anything. */
export function faultsOf(slices: readonly Slice[]): readonly string[] {
  return ARM_NAMES.flatMap(arm => {
    const own = slices.filter(slice => slice.arm === arm)
    const errors = own.reduce((sum, slice) => sum + slice.errors, 0)
    const silent = own.filter(slice => slice.calls === 0).length
    const usual =
      own.map(slice => slice.bytesPerCall).toSorted((a, b) => a - b)[own.length >> 1] ?? 0
    const odd = own.filter(
      slice => Math.abs(slice.bytesPerCall - usual) > usual * LENGTH_TOLERANCE,
    ).length
    return [
      ...(errors > 0 ? [`${arm} had ${errors} errors or answers that are no 2xx`] : []),
      ...(silent > 0 ? [`${arm} answered nothing in ${silent} slices`] : []),
      ...(odd > 0 ? [`${arm} answered with another length in ${odd} slices`] : []),
    ]
  })
}
