// What every call leaves behind: one access line and its metrics. Labels come from closed sets or from the table, never from a caller.
import type { Counter, Meter } from '@opentelemetry/api'
import type { Clock } from '#foundation/clock.ts'
import type { Histogram } from '#foundation/histogram.ts'
import type { WriteAccess } from '#foundation/log.ts'
import { shapeOf } from '#foundation/refusals.ts'
import type { Observe, Telemetry } from '#foundation/telemetry.ts'
import type { ActiveTable } from './active-table.ts'
import { ageOf } from './admin/views.ts'
import type { Trail } from './facts.ts'
import { METHODS } from './methods.ts'
import { observeReplicas, REPLICA_GAUGES } from './observe-replicas.ts'
import { observeRetries, retryFields } from './observe-retries.ts'
import type { CallRecord, Observations } from './stages/record.ts'
import { ToolLabels } from './tool-labels.ts'

/** Seconds; the buckets that the MCP semantic conventions recommend, and three below them for what a router adds. */
const BUCKETS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
]
/** Methods that may be a label; anything a caller invents is `other`. */
const LABELS: readonly string[] = [...Object.keys(METHODS), 'GET', 'DELETE', 'response']

export interface CallTotals {
  readonly total: number
  readonly refused: number
  readonly inFlight: number
}

export class CallObserver implements Observations {
  readonly #access: WriteAccess | undefined
  readonly #served: Histogram
  readonly #firstByte: Histogram
  readonly #refusals: Counter
  readonly #droppedParams: Counter
  /** By cluster. Counted here: with tools whose definitions are not known it is every call, and the SDK's counter hashes its labels each time. */
  readonly #unchecked = new Map<string, number>() // bounded by the clusters there have been
  readonly #retried: (trail: Trail) => void
  readonly #tools = new ToolLabels()
  readonly #shed = new Map<string, number>() // since the last line; bounded by the virtual servers
  #total = 0
  #refused = 0
  #inFlight = 0
  #streams = 0

  /** `access` gets the line of each call. */
  constructor(access: WriteAccess | undefined, telemetry: Telemetry) {
    const { meter } = telemetry
    this.#access = access
    this.#served = telemetry.histogram({
      name: 'mcp.server.operation.duration',
      unit: 's',
      description: 'Caller to router, to the last byte.',
      boundaries: BUCKETS,
      labels: ['mcp.method.name', 'ringmain.result', 'ringmain.cluster', 'gen_ai.tool.name'],
    })
    this.#firstByte = telemetry.histogram({
      name: 'mcp.client.operation.duration',
      unit: 's',
      description: 'Router to replica, to the first byte.',
      boundaries: BUCKETS,
      // Not by replica: series stay, and every deploy brings new ones. What a replica does now is told by the gauges.
      labels: ['ringmain.cluster'],
    })
    this.#refusals = meter.createCounter('ringmain.refusals', {
      description: 'Calls that the router itself refused or could not complete.',
    })
    this.#retried = observeRetries(meter)
    const unchecked = meter.createObservableCounter('ringmain.params.unchecked', {
      description:
        'Calls sent on whose Mcp-Param headers only their tool can check, because its definition is not known.',
    })
    unchecked.addCallback(result => {
      for (const [cluster, count] of this.#unchecked)
        result.observe(count, { 'ringmain.cluster': cluster })
    })
    this.#droppedParams = meter.createCounter('ringmain.params.dropped', {
      description: 'Mcp-Param headers left out, because their tool mirrors no argument into them.',
    })
    meter
      .createObservableGauge('ringmain.calls.in_flight', {
        description: 'Calls of callers under way.',
      })
      .addCallback(result => result.observe(this.#inFlight))
    meter
      .createObservableGauge('ringmain.streams', {
        description: 'Streams of callers that are open beside all calls.',
      })
      .addCallback(result => result.observe(this.#streams))
  }

  get totals(): CallTotals {
    return { total: this.#total, refused: this.#refused, inFlight: this.#inFlight }
  }

  readonly began = (): void => {
    this.#inFlight += 1
  }

  /** A stream that is open says nothing of load: until its end it is no call in flight. */
  readonly streams = {
    began: (): void => {
      this.#inFlight -= 1
      this.#streams += 1
    },
    ended: (): void => {
      this.#inFlight += 1
      this.#streams -= 1
    },
  }

  readonly ended = (call: CallRecord): void => {
    this.#inFlight -= 1
    this.#total += 1
    this.#measure(call)
    this.#access?.(lineOf(call))
  }

  /** A call of this virtual server was refused on its head for overload: too many for a line each. */
  readonly shed = (serverName: string, tookMs: number): void => {
    this.#total += 1
    this.#refused += 1
    this.#served.series('other', 'refused', '', '').record(tookMs / 1_000)
    this.#shed.set(serverName, (this.#shed.get(serverName) ?? 0) + 1)
  }

  /** One line for each virtual server, of what was shed since the last one. */
  readonly tellShed = (): void => {
    const { reason, http } = shapeOf('RINGMAIN_OVERLOADED')
    for (const [serverName, count] of this.#shed) {
      this.#refusals.add(count, { reason })
      this.#access?.({
        event: 'calls.shed',
        count,
        'http.status': http,
        'ringmain.virtual_server': serverName,
        'ringmain.result': 'refused',
        'ringmain.refusal': 'RINGMAIN_OVERLOADED',
        reason,
      })
    }
    this.#shed.clear()
  }

  #measure(call: CallRecord): void {
    const method = methodLabel(call.method)
    const { trail } = call
    const { tool, cluster = '', firstByteMs } = trail
    const label = tool === undefined ? '' : this.#tools.labelOf(cluster, tool)
    this.#served.series(method, call.result, cluster, label).record(call.durationMs / 1_000)
    if (firstByteMs !== undefined && cluster !== '')
      this.#firstByte.series(cluster).record(firstByteMs / 1_000)
    if (trail.droppedParams !== undefined)
      this.#droppedParams.add(trail.droppedParams, { 'ringmain.cluster': cluster })
    if (trail.isUnchecked === true && trail.attempts > 0)
      this.#unchecked.set(cluster, (this.#unchecked.get(cluster) ?? 0) + 1)
    if (trail.attempts > 1 || trail.retryDenied !== undefined) this.#retried(trail)
    if (call.reason !== undefined) {
      this.#refused += 1
      this.#refusals.add(1, {
        reason: call.reason,
        ...(cluster === '' ? {} : { 'ringmain.cluster': cluster }),
      })
    }
  }
}

function methodLabel(method: string | undefined): string {
  if (method === undefined) return 'other'
  if (LABELS.includes(method)) return method
  return method.startsWith('notifications/') ? 'notification' : 'other'
}

function lineOf(call: CallRecord): Record<string, unknown> {
  const { trail } = call
  return {
    event: 'call',
    'http.method': call.verb === 'POST' ? undefined : call.verb,
    'http.status': call.status,
    'ringmain.virtual_server': call.serverName,
    'mcp.era': call.era,
    'mcp.protocol.version': call.version,
    'mcp.method.name': call.method,
    'gen_ai.tool.name': call.toolAsked,
    'gen_ai.prompt.name': call.promptAsked,
    'ringmain.session': call.hasSession || undefined,
    'ringmain.assistant': trail.assistant,
    'ringmain.cluster': trail.cluster,
    'ringmain.replica': trail.endpoint,
    'ringmain.attempts': trail.attempts,
    ...retryFields(trail),
    'ringmain.stream': trail.isStream === true ? true : undefined,
    'ringmain.result': call.result,
    'ringmain.refusal': call.code,
    reason: call.reason,
    says: call.says,
    detail: call.detail,
    duration_ms: round(call.durationMs),
    first_byte_ms: trail.firstByteMs === undefined ? undefined : round(trail.firstByteMs),
    bytes_in: call.bytesIn,
    bytes_out: call.bytesOut,
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100

/** What the log lost: an access line that is missing leaves a trace at least here. */
export function observeLog(meter: Meter, dropped: () => number): void {
  meter
    .createObservableCounter('ringmain.log.dropped', {
      description: 'Lines of the log that were lost, because it was not read fast enough.',
    })
    .addCallback(result => result.observe(dropped()))
}

const GAUGES = {
  ...REPLICA_GAUGES,
  'ringmain.discovery.failures': 'Failed attempts in a row of the discovery of a cluster.',
  'ringmain.discovery.stale':
    '1 while the source of a cluster does not answer, or says that its answer may be old.',
  'ringmain.discovery.age_seconds':
    'Since the source of a cluster last answered; since its set was written where that is from disk.',
  'ringmain.discovery.defects': 'Times the watch of a cluster broke by our own fault.',
  'ringmain.discovery.backend': '1 for how Consul got its newest answer.',
} as const

/** How old the documents in force are, once the folder no longer holds them. */
export function observeTable(
  telemetry: Pick<Telemetry, 'gauges'>,
  staleSinceMs: () => number | undefined,
  clock: Clock,
): void {
  telemetry.gauges({
    descriptions: {
      'ringmain.table.age_seconds':
        'Since the policy folder last held the documents in force; 0 while it does.',
    },
    read: (observe: Observe<'ringmain.table.age_seconds'>) => {
      const sinceMs = staleSinceMs()
      const ageMs = sinceMs === undefined ? 0 : Math.max(0, clock.wallMs() - sinceMs)
      observe('ringmain.table.age_seconds', ageMs / 1_000, {})
    },
  })
}

/** Gauges of replicas and discovery, read when somebody scrapes; those of a replica end with it. */
export function observeClusters(
  telemetry: Pick<Telemetry, 'gauges'>,
  active: ActiveTable,
  clock: Clock,
): void {
  telemetry.gauges({
    descriptions: GAUGES,
    read: (observe: Observe<keyof typeof GAUGES>) => {
      for (const cluster of active.clusters.values()) {
        const ofCluster = { 'ringmain.cluster': cluster.policy.name }
        const { failuresInRow, problem, answeredAtMs, backend, defects } =
          cluster.discovery.status()
        observe('ringmain.discovery.failures', failuresInRow, ofCluster)
        observe('ringmain.discovery.stale', problem === undefined ? 0 : 1, ofCluster)
        if (cluster.snapshot !== undefined) {
          const ageMs = ageOf(cluster.snapshot, answeredAtMs, clock.wallMs())
          observe('ringmain.discovery.age_seconds', ageMs / 1_000, ofCluster)
        }
        if (defects !== undefined) observe('ringmain.discovery.defects', defects, ofCluster)
        if (backend !== undefined)
          observe('ringmain.discovery.backend', 1, { ...ofCluster, 'ringmain.backend': backend })
        const { endpoints } = cluster
        observeReplicas(observe, cluster.policy.name, { endpoints, nowMs: clock.nowMs() })
      }
    },
  })
}
