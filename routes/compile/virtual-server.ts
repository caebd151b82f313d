// A checked `VirtualServer` document → what the table holds of it, and the rules that span several of its fields.
// It is checked member by member, so that one bad entry does not hide what is wrong with the others.
import type { VirtualServerMember, VirtualServerPolicy } from '#routes/route-table.ts'
import type { VirtualServerDocument } from '#routes/schema/virtual-server.ts'
import { looksOf, PORTABLE_LENGTH, wireName } from '#routes/wire-names.ts'
import type { ClusterNames } from './cluster-names.ts'
import type { Path, Step } from './problems.ts'
import { type Finding, isSound } from './rules.ts'

type Written = VirtualServerDocument['spec']['clusters'][number]

const CLUSTERS = ['spec', 'clusters'] as const

export function virtualServerFindings(
  value: unknown,
  breaches: readonly Broken[],
  names: ClusterNames,
): Finding[] {
  const ofMember = breachesByMember(breaches)
  if (ofMember === undefined) return []
  const { spec } = value as VirtualServerDocument
  const isSoundIn = ({ index }: Member, path: Path) => isSound(path, ofMember.get(index) ?? [])
  const members = spec.clusters.map((written, index) => ({ written, index }))
  const sound = members.filter(member => isSoundIn(member, memberPath(member)))
  const isNamingSound = isSound(['spec', 'naming'], breaches)
  return [
    // A bad prefix does not hide a bad name beside it.
    ...members
      .filter(member => isSoundIn(member, clusterPath(member)))
      .flatMap(member => unknownCluster(member, names)),
    ...(isNamingSound ? sound.flatMap(member => idlePrefix(member, namingOf(spec))) : []),
    ...twiceTaken(sound, namingOf(spec)),
    ...(isSound(['spec', 'names'], breaches) ? sound.flatMap(member => tooLong(member, spec)) : []),
  ]
}

interface Broken {
  readonly path: Path
}

/** Undefined without a sound list: there is nothing to look at, and that is already reported. */
function breachesByMember(breaches: readonly Broken[]): Map<Step, Broken[]> | undefined {
  const around = breaches.filter(({ path }) => path.length <= CLUSTERS.length)
  if (!isSound(CLUSTERS, around)) return undefined
  const inside = breaches.filter(({ path }) =>
    CLUSTERS.every((step, depth) => step === path[depth]),
  )
  return Map.groupBy(inside, ({ path }) => path[CLUSTERS.length] ?? '')
}

interface Member {
  readonly written: Written
  readonly index: number
}

const memberPath = ({ index }: Member): Path => [...CLUSTERS, index]

const clusterOf = (written: Written): string =>
  typeof written === 'string' ? written : written.cluster

const prefixOf = (written: Written): string =>
  typeof written === 'string' ? written : (written.prefix ?? written.cluster)

const clusterPath = (member: Member): Path =>
  typeof member.written === 'string' ? memberPath(member) : [...memberPath(member), 'cluster']

const prefixPath = (member: Member): Path =>
  typeof member.written === 'string' ? memberPath(member) : [...memberPath(member), 'prefix']

function unknownCluster(member: Member, names: ClusterNames): Finding[] {
  const cluster = clusterOf(member.written)
  if (names.has(cluster)) return []
  const says = `no cluster is named "${cluster}"${names.hint(cluster)}`
  return [{ path: clusterPath(member), says }]
}

/** A prefix that can have no effect is a mistake about what callers will see. */
function idlePrefix(member: Member, naming: 'prefix' | 'plain'): Finding[] {
  const { written } = member
  if (naming === 'prefix' || typeof written === 'string' || written.prefix === undefined) return []
  return [
    {
      path: [...memberPath(member), 'prefix'],
      at: 'key',
      says: 'has no effect while names are plain; write `naming: prefix`, or remove it',
    },
  ]
}

function twiceTaken(members: readonly Member[], naming: 'prefix' | 'plain'): Finding[] {
  const clusters = new Map<string, number>() // Bounded by the schema's limit on the list.
  const looks = new Map<string, Member>()
  const findings: Finding[] = []
  for (const member of members) {
    const { written, index } = member
    const [cluster, prefix] = [clusterOf(written), prefixOf(written)]
    const sameCluster = clusters.get(cluster)
    const alike = looks.get(looksOf(prefix))
    if (sameCluster !== undefined)
      findings.push({
        path: clusterPath(member),
        says: `cluster "${cluster}" already stands at clusters[${sameCluster}]; each cluster is joined once`,
      })
    else if (alike !== undefined && naming === 'prefix')
      findings.push({ path: prefixPath(member), says: takenFor(prefix, alike) })
    if (sameCluster === undefined) clusters.set(cluster, index)
    if (alike === undefined) looks.set(looksOf(prefix), member)
  }
  return findings
}

function takenFor(prefix: string, { written, index }: Member): string {
  const other = prefixOf(written)
  return other === prefix
    ? `prefix "${prefix}" is already that of clusters[${index}]; two tools could bear one name`
    : `prefix "${prefix}" looks like "${other}" of clusters[${index}]; one tool could be taken for another`
}

/** No name fits behind it. */
function tooLong(member: Member, spec: VirtualServerDocument['spec']): Finding[] {
  const prefix = prefixOf(member.written)
  const cluster = clusterOf(member.written)
  const shortest = wireName({ cluster, prefix }, 'x')
  if (namingOf(spec) === 'plain' || spec.names === 'any' || shortest.length <= PORTABLE_LENGTH)
    return []
  const most = PORTABLE_LENGTH - shortest.length + prefix.length
  const says = `is longer than ${most} characters, so no name of at most ${PORTABLE_LENGTH} begins with it (\`names: portable\`)`
  return [{ path: prefixPath(member), says }]
}

export function namingOf(spec: VirtualServerDocument['spec']): 'prefix' | 'plain' {
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
    ...(spec.names === 'any' ? {} : { names: spec.names }),
    ...(spec.partialLists === 'fail' ? { partialLists: spec.partialLists } : {}),
    criticality: spec.criticality,
    ...(spec.instructions === undefined ? {} : { instructions: spec.instructions }),
  }
}
