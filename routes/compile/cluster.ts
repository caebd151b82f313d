// A checked `Cluster` document → what the table holds of it, and the rules that span several of its fields.
import { mustParseDuration } from '#foundation/duration.ts'
import {
  type ClusterPolicy,
  type DiscoveryPolicy,
  type EjectionPolicy,
  ERAS,
  type StaticEndpoint,
} from '#routes/route-table.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import { deadlinePolicy } from './deadline.ts'
import { idleFindings } from './idle.ts'
import { addressFindings, reachPolicy, tlsFindings } from './reach.ts'
import type { FieldRule, Finding } from './rules.ts'

type Spec = ClusterDocument['spec']

/** One call that never ends in time must not hold up all others of its replica; and sixteen routers still fit one that can do 64. */
const LEAST_PER_ENDPOINT = 4

export const clusterRules: readonly FieldRule<ClusterDocument>[] = [
  { reads: ['spec', 'ejection'], check: ({ spec }) => ejectionFindings(spec.ejection) },
  { reads: ['spec', 'deadline'], check: ({ spec }) => deadlineFindings(spec.deadline) },
  {
    reads: ['spec', 'discovery', 'consul'],
    check: ({ spec }) => consulFindings(spec.discovery.consul),
  },
  { reads: ['spec', 'discovery', 'dns'], check: ({ spec }) => dnsFindings(spec.discovery.dns) },
  {
    reads: ['spec', 'discovery', 'endpoints'],
    check: ({ spec }) => [...twiceListed(spec), ...tlsFindings(spec)],
  },
  { reads: ['spec', 'connections'], check: ({ spec }) => connectionFindings(spec.connections) },
  { reads: ['spec'], check: ({ spec }) => sharedFindings(spec) },
  { reads: ['spec'], check: ({ spec }, isWritten) => idleFindings(spec, isWritten) },
  { reads: ['spec', 'addresses'], check: ({ spec }) => addressFindings(spec.addresses) },
]

function ejectionFindings({ base, max }: Spec['ejection']): Finding[] {
  if (mustParseDuration(base) <= mustParseDuration(max)) return []
  return [
    {
      path: ['spec', 'ejection', 'base'],
      says: `the first ejection, ${base}, must not be longer than the longest, ${max}`,
    },
  ]
}

function deadlineFindings(deadline: Spec['deadline']): Finding[] {
  if (deadline === undefined) return []
  const { default: usual, max } = deadline
  if (mustParseDuration(usual) <= mustParseDuration(max)) return []
  const says = `the usual deadline, ${usual}, must not be longer than the longest, ${max}`
  return [{ path: ['spec', 'deadline', 'default'], says }]
}

function consulFindings(consul: Spec['discovery']['consul']): Finding[] {
  if (consul?.datacenter === undefined || consul.datacenters === undefined) return []
  return [
    {
      path: ['spec', 'discovery', 'consul', 'datacenter'],
      at: 'key',
      says: 'stands beside datacenters; write one of the two',
    },
  ]
}

function connectionFindings({ minPerEndpoint, perEndpoint }: Spec['connections']): Finding[] {
  if (minPerEndpoint === undefined || minPerEndpoint <= perEndpoint) return []
  const says = `the fewest at once, ${minPerEndpoint}, must not be more than the most, ${perEndpoint}`
  return [{ path: ['spec', 'connections', 'minPerEndpoint'], says }]
}

/** What a document says of its servers may be wrong, or become so with their next version. */
function sharedFindings({ connections, assurance, clearance }: Spec): Finding[] {
  if (!connections.shareSessions) return []
  const why =
    assurance === 'high'
      ? 'whose assurance is high'
      : clearance === 'confidential' || clearance === 'restricted'
        ? `which is cleared for ${clearance} data`
        : undefined
  if (why === undefined) return []
  const says = `has no place at a cluster ${why}: one caller could find there what another has left`
  return [{ path: ['spec', 'connections', 'shareSessions'], says }]
}

function dnsFindings(dns: Spec['discovery']['dns']): Finding[] {
  if (dns === undefined) return []
  const path = ['spec', 'discovery', 'dns', 'port'] as const
  if (dns.type === 'SRV')
    return dns.port === undefined
      ? []
      : [{ path, at: 'key', says: 'an SRV record carries its own port; remove this one' }]
  if (dns.port !== undefined) return []
  return [
    {
      path,
      at: 'key',
      says: `missing; ${dns.type} records carry no port, expected a whole number from 1 to 65535`,
    },
  ]
}

/** Where it is called is what a replica is: two entries of one would share health, load and connections. */
function twiceListed({ discovery, path }: Pick<Spec, 'discovery' | 'path'>): Finding[] {
  const first = new Map<string, number>() // Bounded by the schema's limit on the list.
  const findings: Finding[] = []
  for (const [index, endpoint] of (discovery.endpoints ?? []).entries()) {
    const { protocol, hostname, port, pathname } = new URL(staticEndpoint(endpoint).url)
    const address = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
    const target = `${address}${pathname === '/' ? path : pathname}`
    const before = first.get(target)
    if (before === undefined) first.set(target, index)
    else
      findings.push({
        path: ['spec', 'discovery', 'endpoints', index],
        says: `${target} is already listed as endpoints[${before}]; each replica stands once, with a weight if it should get more`,
      })
  }
  return findings
}

const staticEndpoint = (
  endpoint: NonNullable<Spec['discovery']['endpoints']>[number],
): StaticEndpoint => (typeof endpoint === 'string' ? { url: endpoint, weight: 1 } : endpoint)

export function clusterPolicy({ metadata, spec }: ClusterDocument): ClusterPolicy {
  const { health, connections, retry, timeouts, eras, ejection } = spec
  const { path, ...counts } = health
  const discovery = discoveryPolicy(spec.discovery)
  return {
    name: metadata.name,
    ...(metadata.owner === undefined ? {} : { owner: metadata.owner }),
    vendor: spec.vendor ?? metadata.name,
    clearance: spec.clearance,
    assurance: spec.assurance,
    discovery,
    ...reachPolicy(spec, discovery),
    path: spec.path,
    // In one order, so that the order of writing does not make another table.
    ...(eras === undefined ? {} : { eras: ERAS.filter(era => eras.includes(era)) }),
    toolLists: spec.toolLists,
    lists: {
      minTtlMs: mustParseDuration(spec.lists.minTtl),
      maxTtlMs: mustParseDuration(spec.lists.maxTtl),
      mayBePublic: spec.lists.public,
    },
    health: {
      intervalMs: mustParseDuration(counts.interval),
      timeoutMs: mustParseDuration(counts.timeout),
      rise: counts.rise,
      fall: counts.fall,
      ...(path === undefined ? {} : { path }),
    },
    ejection: ejectionPolicy(ejection),
    connections: {
      perEndpoint: connections.perEndpoint,
      minPerEndpoint:
        connections.minPerEndpoint ?? Math.min(LEAST_PER_ENDPOINT, connections.perEndpoint),
      streams: connections.streams,
      queue: connections.queue,
      waitMs: mustParseDuration(connections.wait),
    },
    sessions: connections.sessions,
    shareSessions: connections.shareSessions,
    retry: {
      max: retry.max,
      budget: shareOf(retry.budget),
      minPerSecond: retry.minPerSecond,
      maxConcurrent: shareOf(retry.maxConcurrent),
    },
    timeouts: {
      firstByteMs: mustParseDuration(timeouts.firstByte),
      idleMs: mustParseDuration(timeouts.idle),
    },
    deadline: deadlinePolicy(spec),
  }
}

function discoveryPolicy(discovery: Spec['discovery']): DiscoveryPolicy {
  const { endpoints, consul, dns, registry } = discovery
  if (endpoints !== undefined)
    return { kind: 'endpoints', endpoints: endpoints.map(endpoint => staticEndpoint(endpoint)) }
  if (consul !== undefined) return { kind: 'consul', ...consul }
  if (dns !== undefined) {
    const { refresh, ...rest } = dns
    return { kind: 'dns', ...rest, refreshMs: mustParseDuration(refresh) }
  }
  if (registry !== undefined) return { kind: 'registry', ...registry }
  throw new Error('a cluster without a source of endpoints passed the check')
}

function ejectionPolicy(ejection: Spec['ejection']): EjectionPolicy {
  return {
    consecutiveFaults: ejection.consecutiveFaults,
    minSuccessRate: ejection.minSuccessRate,
    windowMs: mustParseDuration(ejection.window),
    baseMs: mustParseDuration(ejection.base),
    maxMs: mustParseDuration(ejection.max),
    maxEjected: shareOf(ejection.maxEjected),
  }
}

const shareOf = (percentage: string): number => Number.parseInt(percentage, 10) / 100
