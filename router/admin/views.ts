// What the router knows, in the shapes that the admin listener shows.
import type {
  ClusterList,
  ClusterView,
  EndpointView,
  OverrideView,
} from '#foundation/admin-views.ts'
import type { Era } from '#routes/route-table.ts'
import { breakerView, reasonOf, type ShownBreaker } from './breaker-view.ts'

/** The parts of a cluster that are shown; the router's own clusters fit. */
export interface ShownCluster {
  readonly policy: {
    readonly name: string
    readonly vendor: string
    readonly owner?: string
    readonly clearance: string
    readonly assurance: string
  }
  readonly slots: { readonly length: number }
  readonly snapshot: { readonly from: 'source' | 'disk'; readonly asOfMs: number } | undefined
  readonly discovery: {
    readonly status: () => {
      readonly kind: string
      readonly isSynced: boolean
      readonly problem?: string
      readonly notes?: readonly string[]
      readonly answeredAtMs?: number
      readonly agent?: string
      readonly backend?: string
      readonly defects?: number
    }
  }
  readonly endpoints: Iterable<ShownEndpoint>
  readonly notes: () => readonly string[]
  readonly serving: (era: Era) => readonly unknown[]
}

export interface ShownEndpoint {
  readonly key: string
  readonly origin: string
  readonly instance: {
    readonly path?: string
    readonly state: 'ready' | 'draining' | 'down'
    readonly reason?: string
    readonly weight: number
    readonly node?: string
    readonly zone?: string
    readonly region?: string
    readonly datacenter?: string
    readonly concurrency?: number
    readonly claims?: Readonly<Record<string, string>>
    readonly isHeld?: boolean
  }
  readonly tier: EndpointView['tier'] | undefined
  readonly health: 'up' | 'down' | 'unknown'
  readonly reason: string | undefined
  readonly whyApart: string | undefined
  readonly breaker: ShownBreaker | undefined
  readonly override: (Omit<OverrideView, 'endsInMs'> & { readonly untilMs: number }) | undefined
  readonly learned:
    | {
        readonly eras: readonly string[]
        readonly lists?: Readonly<Partial<Record<Era, { readonly digest?: string }>>>
      }
    | undefined
  readonly ewmaMs: (nowMs: number) => number
  readonly limitNow: number
  readonly inFlight: number
  readonly streams: number
  readonly calls: number
  readonly faults: number
  readonly checkedAtMs: number | undefined
}

export interface Now {
  readonly nowMs: number
  readonly wallMs: number
}

export function clusterList(
  clusters: Iterable<ShownCluster>,
  revision: string,
  now: Now,
): ClusterList {
  const items = [...clusters].map(cluster => clusterView(cluster, now))
  return { apiVersion: 'ringmain/v1', kind: 'ClusterList', items, meta: { revision } }
}

function clusterView(cluster: ShownCluster, now: Now): ClusterView {
  const { policy, snapshot } = cluster
  const { kind, isSynced, problem, notes, answeredAtMs, agent, backend, defects } =
    cluster.discovery.status()
  const odd = cluster.notes()
  return {
    name: policy.name,
    vendor: policy.vendor,
    ...(policy.owner === undefined ? {} : { owner: policy.owner }),
    clearance: policy.clearance,
    assurance: policy.assurance,
    discovery: {
      kind,
      isSynced,
      ...(snapshot === undefined
        ? {}
        : { from: snapshot.from, ageMs: ageOf(snapshot, answeredAtMs, now.wallMs) }),
      ...(problem === undefined ? {} : { problem }),
      ...(agent === undefined ? {} : { agent }),
      ...(backend === undefined ? {} : { backend }),
      ...(defects === undefined ? {} : { defects }),
      ...(notes === undefined || notes.length === 0 ? {} : { notes }),
    },
    waiting: cluster.slots.length,
    ...(odd.length === 0 ? {} : { notes: odd }),
    endpoints: [...cluster.endpoints].map(endpoint => endpointView(endpoint, now)),
  }
}

export function ageOf(
  snapshot: { readonly from: 'source' | 'disk'; readonly asOfMs: number },
  answeredAtMs: number | undefined,
  wallMs: number,
): number {
  const stampMs = snapshot.from === 'source' ? (answeredAtMs ?? snapshot.asOfMs) : snapshot.asOfMs
  return Math.max(0, Math.round(wallMs - stampMs))
}

function endpointView(endpoint: ShownEndpoint, now: Now): EndpointView {
  const { instance } = endpoint
  const breaker = endpoint.breaker && breakerView(endpoint.breaker, now.nowMs)
  const own = endpoint.whyApart ?? endpoint.reason ?? (breaker && reasonOf(breaker))
  const reason =
    instance.state === 'ready' ? (own ?? instance.reason) : (instance.reason ?? instance.state)
  return {
    key: endpoint.key,
    url: `${endpoint.origin}${instance.path ?? ''}`,
    state: instance.state,
    health: endpoint.health,
    ...(reason === undefined ? {} : { reason }),
    eras: endpoint.learned?.eras ?? [],
    weight: instance.weight,
    ...placeOf(endpoint),
    ...(instance.concurrency === undefined ? {} : { concurrency: instance.concurrency }),
    ...(instance.claims === undefined ? {} : { claims: instance.claims }),
    isHeld: instance.isHeld === true,
    isApart: endpoint.whyApart !== undefined,
    ...(breaker === undefined ? {} : { breaker }),
    ...overrideView(endpoint, now),
    ...digestsOf(endpoint),
    ewmaMs: Math.round(endpoint.ewmaMs(now.nowMs) * 100) / 100,
    ...(endpoint.limitNow === Number.POSITIVE_INFINITY ? {} : { limit: endpoint.limitNow }),
    inFlight: endpoint.inFlight,
    streams: endpoint.streams,
    calls: endpoint.calls,
    faults: endpoint.faults,
    ...(endpoint.checkedAtMs === undefined
      ? {}
      : { checkedAgoMs: Math.round(now.nowMs - endpoint.checkedAtMs) }),
  }
}

function placeOf({ tier, instance }: ShownEndpoint): Partial<EndpointView> {
  const { node, zone, region, datacenter } = instance
  return {
    ...(tier === undefined ? {} : { tier }),
    ...(node === undefined ? {} : { node }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(datacenter === undefined ? {} : { datacenter }),
  }
}

function overrideView({ override }: ShownEndpoint, { nowMs }: Now): Pick<EndpointView, 'override'> {
  if (override === undefined) return {}
  const { untilMs, ...rest } = override
  return { override: { ...rest, endsInMs: Math.max(0, Math.round(untilMs - nowMs)) } }
}

function digestsOf({
  learned,
}: ShownEndpoint): Pick<EndpointView, 'toolsDigest' | 'legacyToolsDigest'> {
  const isModern = learned?.eras.includes('modern') === true
  const digest = learned?.lists?.[isModern ? 'modern' : 'legacy']?.digest
  const second = isModern ? learned.lists?.legacy?.digest : undefined
  return {
    ...(digest === undefined ? {} : { toolsDigest: digest }),
    ...(second === undefined ? {} : { legacyToolsDigest: second }),
  }
}
