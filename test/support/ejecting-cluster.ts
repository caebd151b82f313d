// A cluster whose replicas are up, and calls of it that end as a test says, in a time that the test moves.
import type { TestContext } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Verdict } from '#router/clusters/ejection/endpoint-breaker.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import type { Decisions } from '#router/clusters/override.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { clusterPolicy, instanceAt } from './cluster-policy.ts'
import type { FakeDiscovery } from './fake-discovery.ts'
import { MODERN, playedClusters } from './open-cluster.ts'
import { UNDECIDED } from './undecided.ts'

export interface EjectingCluster {
  readonly cluster: Cluster
  readonly discovery: FakeDiscovery
  /** In the order of their ports, from 1 on. */
  readonly endpoints: readonly Endpoint[]
  /** Keys of those whose checks fail from now on. */
  readonly sick: Set<string>
  /** As many calls there, which all began before one of them ended. */
  readonly calls: (endpoint: Endpoint, count: number, verdict: Verdict) => void
  /** Keys of those that so many calls were given, each at an end before the next begins. */
  readonly chosen: (count: number, verdict?: Verdict) => Map<string, number>
  /** Of ejections. */
  readonly log: () => readonly string[]
  readonly pass: (ms: number) => Promise<void>
}

const SICK: CheckResult = { ok: false, reason: 'no answer', isRefused: true }

export async function ejectingCluster(
  t: TestContext,
  count: number,
  policy: Partial<ClusterPolicy> = {},
  {
    decisions = UNDECIDED,
    learnedOf = () => MODERN,
  }: { readonly decisions?: Decisions; readonly learnedOf?: (port: number) => Learned } = {},
): Promise<EjectingCluster> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const sick = new Set<string>()
  const played = playedClusters({
    check: async ({ key, instance }) =>
      sick.has(key) ? SICK : { ok: true, learned: learnedOf(instance.port) },
    nowMs: () => nowMs,
    random: seededRandom(7),
    decisions,
  })
  const connections = {
    perEndpoint: 1_000,
    minPerEndpoint: 1_000,
    streams: 1_000,
    queue: 10,
    waitMs: 1_000,
  }
  const cluster = played.open(clusterPolicy('crm', { connections, ...policy }))
  t.after(() => cluster.close())
  cluster.start()
  const discovery = played.source('crm')
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      nowMs += Math.min(50, left)
      t.mock.timers.tick(Math.min(50, left))
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  discovery.publish(...Array.from({ length: count }, (_, index) => instanceAt(1 + index)))
  await pass(1_000)
  const { ejections } = cluster
  return {
    cluster,
    discovery,
    endpoints: [...cluster.endpoints],
    sick,
    pass,
    log: () => played.log.filter(line => /ejected|half_open|restored/.test(line)),
    calls: (endpoint, count, verdict) => {
      const tickets = Array.from({ length: count }, () => ejections.begin(endpoint))
      for (const ticket of tickets) ejections.settle(endpoint, ticket, verdict)
    },
    chosen: (count, verdict = 'none') => {
      const keys = new Map<string, number>()
      for (let call = 0; call < count; call += 1) {
        const choice = cluster.choose('modern')
        const key = choice.kind === 'endpoint' ? choice.endpoint.key : choice.kind
        keys.set(key, 1 + (keys.get(key) ?? 0))
        if (choice.kind !== 'endpoint') continue
        ejections.settle(choice.endpoint, ejections.begin(choice.endpoint), verdict)
      }
      return keys
    },
  }
}
