// What can be heard of a cluster's replicas in service, by what they say of themselves.
import type { Told } from '#router/capabilities.ts'
import type { Cluster } from '#router/clusters/cluster.ts'

export interface Tells {
  readonly lists: ReadonlySet<Told>
  readonly hasSubscriptions: boolean
}

/** Replicas of one cluster say the same, or few of them do not. */
const MOST_LOOKED_AT = 32

/** A replica that keeps no sessions tells of nothing in the legacy era: there is no stream on which it could. */
export function tellsOf(cluster: Cluster | undefined): Tells {
  const lists = new Set<Told>()
  let hasSubscriptions = false
  for (const era of ['modern', 'legacy'] as const) {
    for (const { learned } of (cluster?.serving(era) ?? []).slice(0, MOST_LOOKED_AT)) {
      const said = learned?.capabilities?.[era]
      if (said === undefined || (era === 'legacy' && learned?.isSessionful !== true)) continue
      for (const list of said.tells) lists.add(list)
      hasSubscriptions ||= said.hasSubscriptions
    }
    if (lists.size > 0 || hasSubscriptions) break // it is heard in one era
  }
  return { lists, hasSubscriptions }
}
