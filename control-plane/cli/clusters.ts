// `ringmain clusters [NAME]`: every endpoint as the router sees it, and why it takes no calls when it takes none.
import type { ClusterList, ClusterView, EndpointView } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import { nearest } from '#routes/compile/nearest.ts'
import { adminClient } from './admin-client.ts'
import { EXIT, Failure } from './failure.ts'
import { takesCalls } from './status.ts'
import { type Column, renderTable } from './table.ts'
import type { OutputForm, Terminal } from './terminal.ts'

interface EndpointRow extends EndpointView {
  readonly cluster: string
}

export interface ClustersOptions {
  readonly server: string
  readonly output: OutputForm
  /** Only this cluster. */
  readonly name?: string
}

export async function runClusters(options: ClustersOptions, terminal: Terminal): Promise<number> {
  const list = await adminClient(options.server).get<ClusterList>('/debug/clusters')
  const clusters = pickCluster(list.items, options.name)
  if (options.output === 'json') {
    terminal.print(JSON.stringify({ ...list, items: clusters }))
    return EXIT.done
  }
  const rows = clusters.flatMap(cluster =>
    cluster.endpoints.map(endpoint => ({ ...endpoint, cluster: cluster.name })),
  )
  const isWide = options.output === 'wide'
  const hasReason = rows.some(({ reason }) => reason !== undefined)
  const hasTiers = new Set(rows.map(({ tier }) => tier)).size > 1
  const isDecided = rows.some(({ override }) => override !== undefined)
  const shown = columns(terminal).filter(
    ({ head }) =>
      (hasReason || head !== 'REASON') &&
      (hasTiers || head !== 'TIER') &&
      (isWide || isDecided || head !== 'BY HAND'),
  )
  const table = renderTable(
    isWide ? [...shown, ...wideColumns] : shown,
    rows,
    isWide ? Number.POSITIVE_INFINITY : terminal.width,
  )
  for (const line of table.lines) terminal.print(line)
  for (const cluster of clusters) sayWhatIsOdd(cluster, terminal)
  if (table.hidden.length > 0 && terminal.isInteractive) {
    terminal.say(`no room for ${table.hidden.join(', ').toLowerCase()}: add -o wide`)
  }
  return EXIT.done
}

export function pickCluster(
  clusters: readonly ClusterView[],
  name: string | undefined,
): readonly ClusterView[] {
  if (name === undefined) return clusters
  const found = clusters.filter(cluster => cluster.name === name)
  if (found.length > 0) return found
  const names = clusters.map(cluster => cluster.name)
  const near = nearest(name, names)
  throw new Failure(EXIT.failed, {
    code: 'unknown_cluster',
    what: `there is no cluster ${JSON.stringify(name)}`,
    why: names.length === 0 ? 'the table holds none' : `the table holds ${names.join(', ')}`,
    next: near === undefined ? 'npx ringmain clusters' : `npx ringmain clusters ${near}`,
  })
}

function sayWhatIsOdd(
  { name, endpoints, discovery, notes = [] }: ClusterView,
  terminal: Terminal,
): void {
  if (discovery.problem !== undefined) {
    terminal.say(`! ${name}: ${discovery.kind}: ${discovery.problem}`)
  }
  for (const note of discovery.notes ?? []) terminal.say(`! ${name}: ${discovery.kind}: ${note}`)
  for (const note of notes) terminal.say(`! ${name}: ${note}`)
  if (endpoints.length === 0) terminal.say(`! ${name}: no endpoint is known`)
}

function stateOf({ state, isHeld, isApart, breaker }: EndpointRow): string {
  const marks = [
    ...(isHeld ? ['held'] : []),
    ...(isApart ? ['apart'] : []),
    ...(breaker !== undefined && breaker.state !== 'closed' ? ['ejected'] : []),
    ...(breaker?.wouldBeEjected === true ? ['would be ejected'] : []),
  ]
  return [state, ...marks.map(mark => `(${mark})`)].join(' ')
}

function columns({ paint }: Pick<Terminal, 'paint'>): readonly Column<EndpointRow>[] {
  return [
    { head: 'CLUSTER', value: ({ cluster }) => cluster, least: 17 },
    { head: 'ENDPOINT', value: ({ key }) => key, least: 22 },
    { head: 'STATE', value: stateOf },
    {
      head: 'HEALTH',
      value: ({ health }) => health,
      paint: (text, row) => paint(takesCalls(row) ? 'green' : 'red', text),
    },
    { head: 'REASON', value: ({ reason }) => reason ?? '', least: 20 },
    { head: 'BY HAND', value: overrideOf, least: 20 },
    { head: 'TIER', value: ({ tier }) => tier ?? '', leaves: 5 },
    { head: 'ERAS', value: ({ eras }) => eras.join(','), leaves: 2 },
    { head: 'EWMA', value: ({ ewmaMs }) => formatDuration(ewmaMs), align: 'right', leaves: 3 },
    { head: 'IN FLIGHT', value: ({ inFlight }) => String(inFlight), align: 'right', leaves: 4 },
    { head: 'STREAMS', value: ({ streams }) => String(streams), align: 'right', leaves: 1 },
    { head: 'CALLS', value: ({ calls }) => String(calls), align: 'right' },
    { head: 'FAULTS', value: ({ faults }) => String(faults), align: 'right' },
  ]
}

/** In words what has been decided about it, for the list of replicas. */
function overrideOf({ override }: Pick<EndpointView, 'override'>): string {
  if (override === undefined) return ''
  const { state, weight, reason, endsInMs } = override
  const what = state ?? `weight ${weight}`
  return `${what} for ${formatDuration(endsInMs)} more: ${reason}`
}

const wideColumns: readonly Column<EndpointRow>[] = [
  { head: 'WEIGHT', value: ({ weight }) => String(weight), align: 'right' },
  { head: 'NODE', value: ({ node }) => node ?? '' },
  { head: 'ZONE', value: ({ zone }) => zone ?? '' },
  { head: 'REGION', value: ({ region }) => region ?? '' },
  { head: 'DATACENTER', value: ({ datacenter }) => datacenter ?? '' },
  {
    head: 'CHECKED',
    value: ({ checkedAgoMs }) =>
      checkedAgoMs === undefined ? 'never' : `${formatDuration(checkedAgoMs)} ago`,
  },
  { head: 'URL', value: ({ url }) => url },
]
