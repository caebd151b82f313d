// Clusters over sources and checks that a test plays, opened as the table opens them.
import type { Random } from '#foundation/clock.ts'
import type { ActiveTable } from '#router/active-table.ts'
import { EraBalancers } from '#router/clusters/balancers/era-balancers.ts'
import type { Place } from '#router/clusters/balancers/place.ts'
import { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import { CheckPace } from '#router/clusters/health/check-pace.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import type { Decisions } from '#router/clusters/override.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { instanceAt } from './cluster-policy.ts'
import { type FakeDiscovery, fakeDiscovery } from './fake-discovery.ts'
import { UNDECIDED } from './undecided.ts'

export interface PlayedClusters {
  readonly open: (policy: ClusterPolicy) => Cluster
  /** Names of the clusters opened, in order. */
  readonly opened: readonly string[]
  /** Events of all of them, and of which replica. */
  readonly log: readonly string[]
  /** The source of the newest cluster of this name. */
  readonly source: (name: string) => FakeDiscovery
}

export interface Play {
  readonly check?: (endpoint: Endpoint) => Promise<CheckResult>
  readonly nowMs?: () => number
  readonly random?: Random
  /** Where the router stands. */
  readonly here?: Place
  readonly decisions?: Decisions
}

export function playedClusters({
  check = () => Promise.resolve({ ok: true, learned: MODERN }),
  nowMs = () => 0,
  random = () => 0,
  here = {},
  decisions = UNDECIDED,
}: Play = {}): PlayedClusters {
  const opened: string[] = []
  const log: string[] = []
  const sources = new Map<string, FakeDiscovery>()
  return {
    opened,
    log,
    source: name => {
      const source = sources.get(name)
      if (source === undefined) throw new Error(`no cluster ${name} was opened`)
      return source
    },
    open: policy => {
      const discovery = fakeDiscovery()
      opened.push(policy.name)
      sources.set(policy.name, discovery)
      return new Cluster(policy, {
        discovery,
        check,
        pace: new CheckPace(() => 0),
        clock: { nowMs, wallMs: () => 0 },
        random,
        balancers: new EraBalancers({ here, seed: 0 }),
        decisions,
        hostRefusal: () => undefined,
        onRemoved: () => undefined,
        log: (event, fields) =>
          void log.push(
            [event, fields['ringmain.replica'], fields['why']].filter(Boolean).join(' '),
          ),
      })
    },
  }
}

export const MODERN: Learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed('find') }

/** One replica of the cluster in service at once, without waiting for a check of it. */
export function serveAt(
  active: ActiveTable,
  { source }: PlayedClusters,
  at: { readonly cluster: string; readonly ports: readonly number[]; readonly learned?: Learned },
): readonly Endpoint[] {
  const cluster = active.cluster(at.cluster)
  if (cluster === undefined) throw new Error(`${at.cluster} is not in the table`)
  source(at.cluster).publish(...at.ports.map(port => instanceAt(port)))
  const endpoints = [...cluster.endpoints]
  for (const endpoint of endpoints) {
    endpoint.becomeUp(-60_000)
    endpoint.learned = at.learned ?? MODERN
  }
  source(at.cluster).publish(...at.ports.map(port => instanceAt(port))) // has who serves worked out anew
  return endpoints
}
