// A checked `VirtualServer` document → what the table holds of it, and the rules that span several of its fields.
// It is checked member by member, so that one bad entry does not hide what is wrong with the others.
import type { VirtualServerMember, VirtualServerPolicy } from '#routes/route-table.ts'
import type { VirtualServerDocument } from '#routes/schema/virtual-server.ts'
import { suggestion } from './nearest.ts'
import type { Path } from './problems.ts'
import { type Finding, isSound } from './rules.ts'

type Written = VirtualServerDocument['spec']['clusters'][number]

/** Names of clusters; undefined when some document could not be read and may hold any name. */
export type KnownClusters = ReadonlySet<string> | undefined

const CLUSTERS = ['spec', 'clusters'] as const

export function virtualServerFindings(
  value: unknown,
  breaches: readonly { readonly path: Path }[],
  known: KnownClusters,
): Finding[] {
  // Without a list there is nothing to look at, and that is already reported.
  const isListed = isSound(
    CLUSTERS,
    breaches.filter(({ path }) => path.length <= CLUSTERS.length),
  )
  if (!isListed) return []
  const { spec } = value as VirtualServerDocument
  const members = spec.clusters.map((written, index) => ({ written, path: [...CLUSTERS, index] }))
  const sound = members.filter(({ path }) => isSound(path, breaches))
  const isNamingSound = isSound(['spec', 'naming'], breaches)
  return [
    // A bad prefix does not hide a bad name beside it.
    ...members
      .filter(member => isSound(clusterPath(member), breaches))
      .flatMap(member => unknownCluster(member, known)),
    ...(isNamingSound ? sound.flatMap(member => idlePrefix(member, namingOf(spec))) : []),
    ...twiceTaken(sound),
  ]
}

interface Member {
  readonly written: Written
  readonly path: Path
}

const clusterOf = (written: Written): string =>
  typeof written === 'string' ? written : written.cluster

const prefixOf = (written: Written): string =>
  typeof written === 'string' ? written : (written.prefix ?? written.cluster)

const clusterPath = ({ written, path }: Member): Path =>
  typeof written === 'string' ? path : [...path, 'cluster']

function unknownCluster(member: Member, known: KnownClusters): Finding[] {
  const cluster = clusterOf(member.written)
  if (known === undefined || known.has(cluster)) return []
  const names = [...known]
  const otherwise = names.length === 0 ? '; no cluster is described' : `; known: ${few(names)}`
  return [
    {
      path: clusterPath(member),
      says: `no cluster is named "${cluster}"${suggestion(cluster, names, otherwise)}`,
    },
  ]
}

function few(names: readonly string[]): string {
  const shown = names.toSorted().slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}

/** A prefix that can have no effect is a mistake about what callers will see. */
function idlePrefix({ written, path }: Member, naming: 'prefix' | 'plain'): Finding[] {
  if (naming === 'prefix' || typeof written === 'string' || written.prefix === undefined) return []
  return [
    {
      path: [...path, 'prefix'],
      at: 'key',
      says: 'has no effect while names are plain; write `naming: prefix`, or remove it',
    },
  ]
}

function twiceTaken(members: readonly Member[]): Finding[] {
  const clusters = new Map<string, Path>() // Bounded by the schema's limit on the list.
  const prefixes = new Map<string, Path>()
  const findings: Finding[] = []
  for (const member of members) {
    const { written, path } = member
    const [cluster, prefix] = [clusterOf(written), prefixOf(written)]
    const [sameCluster, samePrefix] = [clusters.get(cluster), prefixes.get(prefix)]
    if (sameCluster !== undefined)
      findings.push({
        path: clusterPath(member),
        says: `cluster "${cluster}" already stands at clusters[${sameCluster.at(-1)}]; each cluster is joined once`,
      })
    else if (samePrefix !== undefined)
      findings.push({
        path: typeof written === 'string' ? path : [...path, 'prefix'],
        says: `prefix "${prefix}" is already that of clusters[${samePrefix.at(-1)}]; two tools could bear one name`,
      })
    if (sameCluster === undefined) clusters.set(cluster, path)
    if (samePrefix === undefined) prefixes.set(prefix, path)
  }
  return findings
}

function namingOf(spec: VirtualServerDocument['spec']): 'prefix' | 'plain' {
  return spec.naming ?? (spec.clusters.length > 1 ? 'prefix' : 'plain')
}

export function virtualServerPolicy(document: VirtualServerDocument): VirtualServerPolicy {
  const { metadata, spec } = document
  const naming = namingOf(spec)
  return {
    name: metadata.name,
    ...(metadata.owner === undefined ? {} : { owner: metadata.owner }),
    members: spec.clusters.map(
      (written): VirtualServerMember => ({
        cluster: clusterOf(written),
        ...(naming === 'prefix' ? { prefix: prefixOf(written) } : {}),
      }),
    ),
    naming,
    ...(spec.instructions === undefined ? {} : { instructions: spec.instructions }),
  }
}
