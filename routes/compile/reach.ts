// What a `Cluster` document says of reaching its replicas → what the table holds, and the findings that a schema cannot have.
import { ADDRESS_WORDS, type AddressWord, oddRange } from '#routes/address-range.ts'
import type { ClusterPolicy, DiscoveryPolicy } from '#routes/route-table.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import type { Finding } from './rules.ts'

type Spec = ClusterDocument['spec']

/** Who writes the document answers for what it names; what others register must not lead to this machine itself. */
const BY_THE_OPERATOR: readonly AddressWord[] = ['loopback', 'private', 'public']
const BY_OTHERS: readonly AddressWord[] = ['private', 'public']
const DEFAULTS: Readonly<Record<DiscoveryPolicy['kind'], readonly AddressWord[]>> = {
  endpoints: BY_THE_OPERATOR,
  registry: BY_THE_OPERATOR,
  consul: BY_OTHERS,
  dns: BY_OTHERS,
}

export function reachPolicy(
  { addresses, tls }: Pick<Spec, 'addresses' | 'tls'>,
  discovery: DiscoveryPolicy,
): Pick<ClusterPolicy, 'addresses' | 'tls'> {
  return {
    addresses: { allow: inOneOrder(addresses?.allow ?? DEFAULTS[discovery.kind]) },
    ...(tls === undefined ? {} : { tls }),
  }
}

/** So that the order of writing does not make another table. */
function inOneOrder(allow: readonly string[]): string[] {
  const words: readonly string[] = ADDRESS_WORDS.filter(word => allow.includes(word))
  return [...words, ...allow.filter(rule => !words.includes(rule)).sort()]
}

export function addressFindings(addresses: Spec['addresses']): Finding[] {
  return (addresses?.allow ?? []).flatMap((rule, index): Finding[] => {
    const odd = oddRange(rule)
    const path = ['spec', 'addresses', 'allow', index] as const
    return odd === undefined ? [] : [{ path, severity: 'warning', says: `${rule} ${odd}` }]
  })
}

/** A certificate that nobody asks for would look as if the way were safe. */
export function tlsFindings({ discovery, tls }: Pick<Spec, 'discovery' | 'tls'>): Finding[] {
  if (tls === undefined) return []
  return (discovery.endpoints ?? []).flatMap((endpoint, index): Finding[] => {
    const url = typeof endpoint === 'string' ? endpoint : endpoint.url
    if (new URL(url).protocol === 'https:') return []
    const path = ['spec', 'discovery', 'endpoints', index] as const
    return [{ path, says: 'is called without TLS, and spec.tls is set; write an https URL' }]
  })
}
