// By when a call of a cluster must be over, as its document has it.
import { mustParseDuration } from '#foundation/duration.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'

const USUAL_DEADLINE_MS = 60_000
const LONGEST_DEADLINE_MS = 600_000

/** Where the document sets none, what it gives a replica for the first byte must fit into it. */
export function deadlinePolicy({
  deadline,
  timeouts,
}: ClusterDocument['spec']): ClusterPolicy['deadline'] {
  if (deadline !== undefined)
    return {
      defaultMs: mustParseDuration(deadline.default),
      maxMs: mustParseDuration(deadline.max),
    }
  const firstByteMs = mustParseDuration(timeouts.firstByte)
  return {
    defaultMs: Math.max(USUAL_DEADLINE_MS, firstByteMs),
    maxMs: Math.max(LONGEST_DEADLINE_MS, firstByteMs),
  }
}
