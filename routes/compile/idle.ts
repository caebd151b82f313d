// What a `Cluster` document says and what nothing, or less than it says, can come of: whoever wrote it expects something of it.
// Only what is written counts; a default that cannot apply is nobody's mistake.
import { formatDuration, mustParseDuration } from '#foundation/duration.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import { deadlinePolicy } from './deadline.ts'
import type { Finding, Written } from './rules.ts'

type Spec = ClusterDocument['spec']

interface Idle {
  readonly field: readonly [string, string]
  /** Why it is without effect; undefined where it has one. */
  readonly why: (spec: Spec) => string | undefined
  readonly severity?: 'warning'
}

/** Whether a call is ever sent again: what costs a token of a budget that earns none is not. */
export const isRetried = ({ max, budget, minPerSecond }: Spec['retry']): boolean =>
  max > 0 && (minPerSecond > 0 || budget !== '0%')

const neverRetried = ({ retry }: Spec): string | undefined =>
  retry.max > 0 ? undefined : 'has no effect while `max` is 0; remove it, or write `max: 1`'

/** Lists have a time of their own, so that it is not quite in vain. */
const beyondDeadline =
  (written: (spec: Spec) => string) =>
  (spec: Spec): string | undefined => {
    const { defaultMs } = deadlinePolicy(spec)
    if (mustParseDuration(written(spec)) <= defaultMs) return undefined
    const most = spec.deadline?.default ?? formatDuration(defaultMs)
    return `is longer than a call lasts, ${most} (\`deadline.default\`), and has no effect on calls beyond that`
  }

const IDLE: readonly Idle[] = [
  { field: ['retry', 'budget'], why: neverRetried },
  { field: ['retry', 'minPerSecond'], why: neverRetried },
  { field: ['retry', 'maxConcurrent'], why: neverRetried },
  {
    field: ['retry', 'max'],
    why: ({ retry }) =>
      retry.max === 0 || isRetried(retry)
        ? undefined
        : 'has no effect while `budget` is 0% and `minPerSecond` is 0; write `max: 0`, or allow some',
  },
  {
    field: ['connections', 'wait'],
    why: ({ connections: { wait, queue } }) =>
      queue > 0 || mustParseDuration(wait) === 0
        ? undefined
        : 'has no effect while `queue` is 0, since nobody waits; remove it, or let some wait',
  },
  {
    field: ['connections', 'queue'],
    why: ({ connections: { wait, queue } }) =>
      queue === 0 || mustParseDuration(wait) > 0
        ? undefined
        : 'has no effect while `wait` is 0ms, since nobody waits; write `queue: 0`, or let them wait',
  },
  {
    field: ['lists', 'minTtl'],
    why: ({ lists: { minTtl, maxTtl } }) =>
      mustParseDuration(minTtl) <= mustParseDuration(maxTtl)
        ? undefined
        : `must not be longer than \`maxTtl\`, ${maxTtl}`,
  },
  {
    field: ['timeouts', 'firstByte'],
    why: beyondDeadline(({ timeouts }) => timeouts.firstByte),
    severity: 'warning',
  },
  {
    field: ['connections', 'wait'],
    why: beyondDeadline(({ connections }) => connections.wait),
    severity: 'warning',
  },
]

export function idleFindings(spec: Spec, isWritten: Written): Finding[] {
  return IDLE.flatMap(({ field, why, severity }) => {
    const path = ['spec', ...field]
    const says = isWritten(path) ? why(spec) : undefined
    return says === undefined
      ? []
      : [{ path, says, ...(severity === undefined ? {} : { severity }) }]
  })
}
