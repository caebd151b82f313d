// `ringmain status`: one screen that says whether the router serves, what it serves, and what needs attention.
import type {
  ClusterList,
  ClusterView,
  EndpointView,
  LeftOutView,
  ReadyView,
  RouterView,
} from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import { adminClient } from './admin-client.ts'
import { EXIT } from './failure.ts'
import { type Column, cutTo, renderTable } from './table.ts'
import type { OutputForm, Terminal } from './terminal.ts'

/** One screen: what does not fit is named by number and found with `ringmain clusters`. */
const MAX_LINES = 20
const HEADER_LINES = 4
const MAX_ATTENTION = 4

export interface StatusViews {
  readonly ready: ReadyView
  readonly router: RouterView
  readonly clusters: readonly ClusterView[]
}

export async function runStatus(
  options: { readonly server: string; readonly output: OutputForm },
  terminal: Terminal,
): Promise<number> {
  const admin = adminClient(options.server)
  const ready = await admin.get<ReadyView>('/readyz', 503)
  const [router, clusters] = await Promise.all([
    admin.get<RouterView>('/debug/router'),
    admin.get<ClusterList>('/debug/clusters'),
  ])
  const views = { ready, router, clusters: clusters.items }
  if (options.output === 'json') {
    const items = [{ ready, router, clusters: clusters.items }]
    const meta = { server: admin.base, tableVersion: router.table.version }
    terminal.print(
      JSON.stringify({ apiVersion: 'ringmain/v1', kind: 'RouterStatusList', items, meta }),
    )
  } else {
    for (const line of statusLines(views, terminal)) terminal.print(line)
  }
  return ready.ready ? EXIT.done : EXIT.failed
}

export function statusLines(
  views: StatusViews,
  terminal: Pick<Terminal, 'width' | 'paint'>,
): readonly string[] {
  const { router, clusters } = views
  const { width } = terminal
  const sentences = attentionOf(views)
  const attention = [
    ...sentences
      .slice(0, MAX_ATTENTION)
      .map(sentence => terminal.paint('yellow', cutTo(`! ${sentence}`, width))),
    ...moreSentences(sentences.length - MAX_ATTENTION),
  ]
  const room = MAX_LINES - HEADER_LINES - attention.length - 5
  const shownServers = router.virtualServers.slice(0, Math.max(1, Math.floor(room / 2)))
  const shownClusters = firstOf(clusters, Math.max(1, room - shownServers.length))
  return [
    ...headerLines(views, terminal),
    '',
    ...renderTable(serverColumns, shownServers, width).lines,
    '',
    ...renderTable(clusterColumns(terminal, clusters), shownClusters, width).lines,
    ...moreLine(
      router.virtualServers.length - shownServers.length,
      clusters.length - shownClusters.length,
    ),
    ...attention,
  ]
}

/** In their order where all have room; else those that need attention come first. */
const firstOf = (clusters: readonly ClusterView[], room: number): readonly ClusterView[] =>
  clusters.length <= room
    ? clusters
    : clusters.toSorted((a, b) => replicasOut(b).length - replicasOut(a).length).slice(0, room)

function headerLines(
  { ready, router }: StatusViews,
  { paint, width }: Pick<Terminal, 'width' | 'paint'>,
): readonly string[] {
  const state = ready.draining ? 'draining' : ready.ready ? 'ready' : 'not ready'
  const { total, refused, inFlight, streams } = router.calls
  return [
    `router ${router.version}  ${paint(ready.ready ? 'green' : 'red', state)}  up ${formatDuration(router.uptimeMs)}  pid ${router.pid}`,
    cutTo(`  serves  ${new URL('/mcp', router.mcp).href}   admin ${router.admin}`, width),
    cutTo(`  table   ${router.table.version.slice(0, 12)}`, width),
    cutTo(
      `  calls   ${total}, of which ${refused} refused; ${inFlight} in flight, ${streams} streams`,
      width,
    ),
  ]
}

/** Sorted by what it costs the callers: first what makes the router unready, then what may. */
function attentionOf({ ready, router, clusters }: StatusViews): readonly string[] {
  const documents = (router.table.problem ?? '').split('\n').filter(line => line !== '')
  return [
    ...ready.checks
      .filter(check => !check.ok)
      // The check that repeats what is wrong with the documents: each of their problems has its own line below.
      .filter(check => !documents.some(line => check.detail.includes(line)))
      .map(check => `${check.id}: ${check.detail}`),
    ...(router.table.ageMs === undefined
      ? []
      : [`policies: what is served is ${formatDuration(router.table.ageMs)} old`]),
    ...documents.map(line => `policies: ${line}`),
    ...discoveryProblems(clusters),
    ...clusters.flatMap(({ name, notes = [] }) => notes.map(note => `${name}: ${note}`)),
    ...clusters.flatMap(replicasOut),
    ...router.virtualServers.flatMap(({ name, leftOut = [] }) =>
      leftOut.map(left => `${name}: ${notListed(left)}`),
    ),
  ]
}

/** One agent that is gone is one sentence, however many clusters ask it. */
function discoveryProblems(clusters: readonly ClusterView[]): readonly string[] {
  const failing = clusters.filter(({ discovery }) => discovery.problem !== undefined)
  const groups = Object.groupBy(
    failing,
    ({ discovery }) => `${discovery.kind}: ${discovery.problem}`,
  )
  return Object.entries(groups).map(([sentence, group = []]) => {
    const more = group.length > 1 ? ` and ${group.length - 1} more` : ''
    return `${group[0]?.name}${more}: ${sentence}`
  })
}

/** One sentence a cluster, however many of its replicas are out: the first of them, with its reason. */
function replicasOut({ name, endpoints }: ClusterView): readonly string[] {
  const out = endpoints.filter(endpoint => !takesCalls(endpoint))
  const [first] = out
  if (first === undefined) return []
  const many = out.length > 1 ? `${out.length} replicas: ` : ''
  return [`${name}: ${many}${first.key}: ${first.reason ?? first.health}`]
}

/** A name with a reason first, since the line is cut to its width. */
const notListed = ({ cluster, list, assistant, count, named: [first = ''] }: LeftOutView): string =>
  `${cluster}: ${first}; ${count} of its ${list} not listed${assistant === undefined ? '' : ` to ${assistant}`}`

export function takesCalls(endpoint: EndpointView): boolean {
  const { state, health, isApart, breaker } = endpoint
  const isEjected = breaker !== undefined && breaker.state !== 'closed'
  return state === 'ready' && health === 'up' && !isApart && !isEjected
}

const serverColumns: readonly Column<RouterView['virtualServers'][number]>[] = [
  { head: 'SERVER', value: ({ name }) => name, least: 10 },
  { head: 'PATH', value: ({ path }) => path, least: 12 },
  { head: 'CLUSTERS', value: ({ clusters }) => clusters.join(', '), least: 10 },
]

const TIERS = ['host', 'zone', 'region', 'remote'] as const

/** Its name, and how many of its replicas take calls. */
function nearestTier({ endpoints }: ClusterView): string {
  const nearest = TIERS.find(tier => endpoints.some(endpoint => endpoint.tier === tier))
  const there = endpoints.filter(({ tier }) => tier !== undefined && tier === nearest)
  return nearest === undefined
    ? ''
    : `${nearest} ${there.filter(takesCalls).length}/${there.length}`
}

const hasTiers = ({ endpoints }: ClusterView): boolean =>
  new Set(endpoints.flatMap(({ tier }) => tier ?? [])).size > 1

function clusterColumns(
  { paint }: Pick<Terminal, 'paint'>,
  clusters: readonly ClusterView[],
): readonly Column<ClusterView>[] {
  const total = (pick: (endpoint: EndpointView) => number) => (cluster: ClusterView) =>
    String(cluster.endpoints.reduce((sum, endpoint) => sum + pick(endpoint), 0))
  const up = ({ endpoints }: ClusterView): number => endpoints.filter(takesCalls).length
  return [
    { head: 'CLUSTER', value: ({ name }) => name, least: 10 },
    {
      head: 'UP',
      value: cluster => `${up(cluster)}/${cluster.endpoints.length}`,
      paint: (text, cluster) =>
        paint(up(cluster) === cluster.endpoints.length && up(cluster) > 0 ? 'green' : 'red', text),
    },
    ...(clusters.some(hasTiers)
      ? [{ head: 'NEAREST', value: nearestTier, leaves: 4 } satisfies Column<ClusterView>]
      : []),
    { head: 'CLEARANCE', value: ({ clearance }) => clearance, leaves: 2 },
    { head: 'ASSURED', value: ({ assurance }) => assurance, leaves: 1 },
    {
      head: 'FOUND BY',
      value: ({ discovery }) =>
        discovery.isSynced
          ? discovery.kind
          : `${discovery.kind}${discovery.from === 'disk' ? ' (disk)' : ' (waiting)'}`,
      least: 8,
      leaves: 3,
    },
    { head: 'IN FLIGHT', value: total(({ inFlight }) => inFlight), align: 'right' },
    { head: 'CALLS', value: total(({ calls }) => calls), align: 'right' },
    { head: 'FAULTS', value: total(({ faults }) => faults), align: 'right' },
  ]
}

const moreSentences = (count: number): readonly string[] =>
  count > 0 ? [`… ${count} more: npx ringmain clusters`] : []

function moreLine(servers: number, clusters: number): readonly string[] {
  const parts = [
    ...(servers > 0 ? [`${servers} more virtual server${servers === 1 ? '' : 's'}`] : []),
    ...(clusters > 0 ? [`${clusters} more cluster${clusters === 1 ? '' : 's'}`] : []),
  ]
  return parts.length === 0 ? [] : [`… ${parts.join(' and ')}: npx ringmain status -o json`]
}
