// A compiled cluster and one of its replicas, with every default that a document would give; a test names only what it is about.
import type { Instance } from '#router/clusters/discovery/instance.ts'
import type {
  ClusterPolicy,
  EjectionPolicy,
  HealthPolicy,
  RouteTable,
} from '#routes/route-table.ts'

export const HEALTH: HealthPolicy = { intervalMs: 5_000, timeoutMs: 1_000, rise: 2, fall: 3 }

export const EJECTION: EjectionPolicy = {
  consecutiveFaults: 5,
  minSuccessRate: 0.8,
  windowMs: 10_000,
  baseMs: 1_000,
  maxMs: 60_000,
  maxEjected: 0.5,
}

export const clusterPolicy = (
  name: string,
  differences: Partial<ClusterPolicy> = {},
): ClusterPolicy => ({
  name,
  vendor: 'acme',
  clearance: 'internal',
  assurance: 'standard',
  discovery: { kind: 'endpoints', endpoints: [] },
  addresses: { allow: ['loopback', 'private', 'public'] },
  path: '/mcp',
  toolLists: 'agree',
  lists: { minTtlMs: 1_000, maxTtlMs: 300_000, mayBePublic: false },
  health: HEALTH,
  sessions: 100,
  shareSessions: false,
  retry: { max: 1, budget: 0.1, minPerSecond: 5, maxConcurrent: 0.2 },
  ejection: EJECTION,
  connections: { perEndpoint: 2, minPerEndpoint: 1, streams: 3, queue: 2, waitMs: 100 },
  timeouts: { firstByteMs: 1_000, idleMs: 1_000 },
  deadline: { defaultMs: 60_000, maxMs: 600_000 },
  ...differences,
})

export const instanceAt = (port: number, differences: Partial<Instance> = {}): Instance => ({
  key: `127.0.0.1:${port}`,
  host: '127.0.0.1',
  port,
  weight: 1,
  state: 'ready',
  ...differences,
})

/** Every cluster under a prefix of its own name, in one virtual server. */
export function tableOf(version: string, ...clusters: readonly ClusterPolicy[]): RouteTable {
  return {
    version,
    clusters: Object.fromEntries(clusters.map(policy => [policy.name, policy])),
    virtualServers: {
      default: {
        name: 'default',
        members: clusters.map(({ name }) => ({ cluster: name, prefix: name })),
        naming: 'prefix',
        criticality: 'critical',
      },
    },
    tools: {},
  }
}
