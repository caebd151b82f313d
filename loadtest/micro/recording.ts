// What a call leaves behind: its series and its line. The line goes to nowhere by the router's own writer.
import { accessTo, linesTo } from '#foundation/log.ts'
import { createTelemetry } from '#foundation/telemetry.ts'
import { CallObserver } from '#router/observe.ts'
import type { CallRecord } from '#router/stages/record.ts'
import type { Work } from './batches.ts'

/** Twice of what they cost where the bars were set. */
const LINE_BAR_NS = 2_000
const RECORD_BAR_NS = 10
const LOOKUP_BAR_NS = 200

const CALL: CallRecord = {
  verb: 'POST',
  serverName: 'default',
  era: 'modern',
  version: '2026-07-28',
  method: 'tools/call',
  toolAsked: 'search',
  hasSession: false,
  trail: {
    attempts: 1,
    cluster: 'search',
    endpoint: '127.0.0.1:9000',
    tool: 'search',
    firstByteMs: 1.2,
  },
  result: 'answered',
  status: 200,
  durationMs: 1.5,
  bytesIn: 340,
  bytesOut: 174,
}

export function recordingWorks(): readonly Work[] {
  const telemetry = createTelemetry('bench', '0')
  const { lines } = linesTo('/dev/null')
  const logged = new CallObserver(accessTo(lines, 'bench'), telemetry)
  const silent = new CallObserver(undefined, telemetry)
  const histogram = telemetry.histogram({
    name: 'bench.duration',
    unit: 's',
    description: 'For the bench.',
    boundaries: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    labels: ['method', 'result', 'cluster'],
  })
  const series = histogram.series('tools/call', 'answered', 'search')
  return [
    { name: 'histogram record', run: () => series.record(0.0015), barNs: RECORD_BAR_NS },
    {
      name: 'histogram lookup and record',
      run: () => histogram.series('tools/call', 'answered', 'search').record(0.0015),
      barNs: LOOKUP_BAR_NS,
    },
    { name: 'metrics of a call', run: () => silent.ended(CALL), barNs: 2 * LOOKUP_BAR_NS + 500 },
    { name: 'metrics and access line', run: () => logged.ended(CALL), barNs: LINE_BAR_NS },
  ]
}
