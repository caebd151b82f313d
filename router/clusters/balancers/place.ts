// How far a replica is from this router: on its host, in its zone, in its region, or beyond. What is not known of either
// counts as the same, so that where nobody says where things stand everything is equally near.

export interface Place {
  readonly node?: string
  readonly zone?: string
  readonly region?: string
  readonly datacenter?: string
}

const NAMES = ['host', 'zone', 'region', 'remote'] as const
const [HOST, ZONE, REGION, REMOTE] = [0, 1, 2, 3] as const

/** `datacenters`: those that the cluster names, the nearest first; the router's own comes before them wherever it stands. */
export function tierOf(there: Place, here: Place, datacenters: readonly string[] = []): number {
  const beyond = datacentersAway(there.datacenter, here.datacenter, datacenters)
  if (beyond > 0) return REMOTE + beyond
  if (differ(there.region, here.region)) return REMOTE
  if (here.node !== undefined && there.node === here.node) return HOST
  return differ(there.zone, here.zone) ? REGION : ZONE
}

export type TierName = (typeof NAMES)[number]

export const tierName = (level: number): TierName => NAMES[level] ?? 'remote'

const differ = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other

function datacentersAway(
  there: string | undefined,
  here: string | undefined,
  named: readonly string[],
): number {
  if (there === undefined || there === here) return 0
  const place = named.indexOf(there)
  const own = here === undefined ? -1 : named.indexOf(here)
  return place < own ? place + 1 : Math.max(0, place)
}
