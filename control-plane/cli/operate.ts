// `ringmain breakers …` and `ringmain replicas …`: what the router knows of the breaker of each replica, and what is changed by hand.
import type { BreakerState, ClusterList, ClusterView } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import { adminClient } from './admin-client.ts'
import { pickCluster } from './clusters.ts'
import { EXIT, Failure } from './failure.ts'
import { type Column, renderTable } from './table.ts'
import type { OutputForm, Terminal } from './terminal.ts'

export interface BreakersOptions {
  readonly server: string
  readonly output: OutputForm
  readonly cluster?: string
  readonly replica?: string
}

/** One that is closed and was never called has no breaker of its own yet. */
const CLOSED: BreakerState = { state: 'closed', isForced: false, wouldBeEjected: false }

interface BreakerRow extends BreakerState {
  readonly cluster: string
  readonly replica: string
}

export async function runBreakers(options: BreakersOptions, terminal: Terminal): Promise<number> {
  const list = await adminClient(options.server).get<ClusterList>('/debug/clusters')
  const rows = pickCluster(list.items, options.cluster).flatMap(cluster => rowsOf(cluster, options))
  if (options.output === 'json')
    terminal.print(JSON.stringify({ ...list, kind: 'BreakerList', items: rows }))
  else
    for (const line of renderTable(columns(terminal), rows, terminal.width).lines)
      terminal.print(line)
  return EXIT.done
}

function rowsOf(
  { name, endpoints }: ClusterView,
  { replica }: BreakersOptions,
): readonly BreakerRow[] {
  const found = endpoints.filter(({ key }) => replica === undefined || key === replica)
  if (replica !== undefined && found.length === 0)
    throw new Failure(EXIT.failed, {
      code: 'unknown_replica',
      what: `${name} has no replica ${JSON.stringify(replica)}`,
      why: `it has ${endpoints.map(({ key }) => key).join(', ') || 'none'}`,
      next: `npx ringmain breakers list ${name}`,
    })
  return found.map(({ key, breaker = CLOSED }) => ({ cluster: name, replica: key, ...breaker }))
}

const columns = ({ paint }: Pick<Terminal, 'paint'>): readonly Column<BreakerRow>[] => [
  { head: 'CLUSTER', value: ({ cluster }) => cluster, least: 17 },
  { head: 'REPLICA', value: ({ replica }) => replica, least: 22 },
  {
    head: 'BREAKER',
    value: ({ state, isForced }) => `${state}${isForced ? ' (forced)' : ''}`,
    paint: (text, { state }) => paint(state === 'closed' ? 'green' : 'red', text),
  },
  { head: 'SINCE', value: ({ sinceAgoMs }) => agoOf(sinceAgoMs), leaves: 1 },
  { head: 'TRIED IN', value: ({ probeInMs }) => timeOf(probeInMs), leaves: 2 },
  { head: 'WHY', value: whyOf, least: 20 },
]

const timeOf = (ms: number | undefined): string => (ms === undefined ? '' : formatDuration(ms))
const agoOf = (ms: number | undefined): string => (ms === undefined ? '' : `${timeOf(ms)} ago`)

const whyOf = ({ why, wouldBeEjected }: BreakerRow): string =>
  wouldBeEjected ? 'would be open, but so many are out' : (why ?? '')

export interface OperateOptions {
  readonly server: string
  readonly cluster: string
  readonly replica: string
  readonly action: string
  readonly forMs?: number
  readonly reason?: string
  readonly weight?: number
  readonly output: OutputForm
}

export async function runOperate(options: OperateOptions, terminal: Terminal): Promise<number> {
  const { server, output, ...asked } = options
  const done = await adminClient(server).post('/operate', asked)
  if (output === 'json') {
    const list = { apiVersion: 'ringmain/v1', kind: 'DecisionList', items: [done] }
    terminal.print(JSON.stringify(list))
    return EXIT.done
  }
  const { cluster, replica, action, weight, forMs } = asked
  const share = weight === undefined ? '' : ` ${weight}`
  const ends = forMs === undefined ? '' : `, for ${formatDuration(forMs)}`
  terminal.say(`${cluster} ${replica}: ${action}${share}${ends}`)
  return EXIT.done
}
