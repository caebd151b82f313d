// What can be heard of a cluster's replicas in service, by what they say of themselves.
import type { Random } from '#foundation/clock.ts'
import type { Told } from '#router/capabilities.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { Era } from '#routes/route-table.ts'

export interface Tells {
  readonly lists: ReadonlySet<Told>
  readonly hasSubscriptions: boolean
}

/** Replicas of one cluster say the same, or few of them do not. */
const MOST_LOOKED_AT = 32
/** What is heard is heard in one era. */
const BY_CHOICE = ['modern', 'legacy'] as const

/** A replica that keeps no sessions tells of nothing in the legacy era: there is no stream on which it could. */
const mayTell = ({ learned }: Endpoint, era: Era): boolean =>
  era === 'modern' || learned?.isSessionful === true

const says = ({ learned }: Endpoint, era: Era): boolean => {
  const said = learned?.capabilities?.[era]
  return said !== undefined && (said.tells.length > 0 || said.hasSubscriptions)
}

export function tellsOf(cluster: Cluster | undefined): Tells {
  const lists = new Set<Told>()
  let hasSubscriptions = false
  for (const era of BY_CHOICE) {
    for (const one of (cluster?.serving(era) ?? []).slice(0, MOST_LOOKED_AT)) {
      const said = one.learned?.capabilities?.[era]
      if (said === undefined || !mayTell(one, era)) continue
      for (const list of said.tells) lists.add(list)
      hasSubscriptions ||= said.hasSubscriptions
    }
    if (lists.size > 0 || hasSubscriptions) break
  }
  return { lists, hasSubscriptions }
}

interface Teller {
  readonly endpoint: Endpoint
  readonly era: Era
}

/** One that says that it tells, in the era in which it does; where nobody says anything, one that may. */
export function tellerIn(cluster: Cluster, random: Random): Teller | undefined {
  for (const fits of [says, undefined])
    for (const era of BY_CHOICE) {
      const tellers = cluster
        .serving(era)
        .filter(one => mayTell(one, era) && (fits === undefined || fits(one, era)))
      const well = tellers.filter(({ isEjected }) => !isEjected)
      const all = well.length > 0 ? well : tellers
      const endpoint = all[Math.floor(random() * all.length)]
      if (endpoint !== undefined) return { endpoint, era }
    }
  return undefined
}
