// What a call leaves behind: one line, and metrics whose labels no caller can invent.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTelemetry } from '#foundation/telemetry.ts'
import { type CapturedLog, capturedLog } from '#test/support/captured-log.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { CallObserver, observeClusters, observeLog } from './observe.ts'
import type { CallRecord } from './stages/record.ts'

interface Ground {
  readonly observer: CallObserver
  readonly lines: CapturedLog['lines']
  readonly scrape: () => Promise<string>
  readonly telemetry: ReturnType<typeof createTelemetry>
}

function ground(t: TestContext, level = 'info'): Ground {
  const { access, lines } = capturedLog(level)
  const telemetry = createTelemetry('test', '1')
  t.after(() => telemetry.close())
  return {
    observer: new CallObserver(access, telemetry),
    lines,
    scrape: telemetry.scrape,
    telemetry,
  }
}

const recordAs = (differences: Partial<CallRecord> = {}): CallRecord => ({
  verb: 'POST',
  serverName: 'default',
  hasSession: false,
  method: 'tools/call',
  trail: { attempts: 1 },
  result: 'answered',
  status: 200,
  durationMs: 12.345_6,
  bytesIn: 10,
  bytesOut: 20,
  ...differences,
})

/** Every value that a label has in the text, by label. */
function labelsIn(text: string): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, Set<string>> = {}
  for (const [, name = '', value = ''] of text.matchAll(/([a-z_]+)="([^"]*)"/g))
    (found[name] ??= new Set()).add(value)
  return Object.fromEntries(
    Object.entries(found).map(([name, values]) => [name, [...values].sort()]),
  )
}

test('a stream that is open is no call in flight', async t => {
  const { observer, scrape } = ground(t)
  observer.began()
  observer.streams.began()
  assert.equal(observer.totals.inFlight, 0)
  assert.match(await scrape(), /^ringmain_streams(?:\{[^}]*\})? 1$/m)
  observer.streams.ended()
  assert.equal(observer.totals.inFlight, 1)
})

test('calls shed on their head leave one line together, and are counted one by one', async t => {
  const { observer, lines, scrape } = ground(t)
  for (const serverName of ['batch', 'default', 'batch']) observer.shed(serverName, 0.2)
  assert.deepEqual(lines, [])
  observer.tellShed()
  observer.tellShed()
  assert.deepEqual(
    lines.map(line => [line['event'], line['ringmain.virtual_server'], line['count']]),
    [
      ['calls.shed', 'batch', 2],
      ['calls.shed', 'default', 1],
    ],
  )
  assert.equal(lines[0]?.['ringmain.refusal'], 'RINGMAIN_OVERLOADED')
  assert.deepEqual(observer.totals, { total: 3, refused: 3, inFlight: 0 })
  const text = await scrape()
  assert.match(text, /^ringmain_refusals_total\{reason="overloaded"[^}]*\} 3$/m)
  assert.match(
    text,
    /^mcp_server_operation_duration\w*_count\{[^}]*ringmain_result="refused"[^}]*\} 3$/m,
  )
})

test('a call leaves one line with what is known of it', t => {
  const { observer, lines } = ground(t)
  observer.began()
  observer.ended(
    recordAs({
      era: 'legacy',
      version: '2025-11-25',
      toolAsked: 'crm__find',
      hasSession: true,
      trail: {
        attempts: 2,
        cluster: 'crm',
        endpoint: 'r1',
        tool: 'find',
        firstByteMs: 3.141_59,
        isStream: true,
      },
    }),
  )
  assert.equal(lines.length, 1)
  assert.deepEqual(lines[0], {
    event: 'call',
    'http.status': 200,
    'ringmain.virtual_server': 'default',
    'mcp.era': 'legacy',
    'mcp.protocol.version': '2025-11-25',
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'crm__find',
    'ringmain.session': true,
    'ringmain.cluster': 'crm',
    'ringmain.replica': 'r1',
    'ringmain.attempts': 2,
    'ringmain.stream': true,
    'ringmain.result': 'answered',
    duration_ms: 12.35,
    first_byte_ms: 3.14,
    bytes_in: 10,
    bytes_out: 20,
  })
})

test('a refusal tells its code, its reason and what is for the log alone; another verb is told', t => {
  const { observer, lines } = ground(t)
  observer.ended(
    recordAs({
      verb: 'DELETE',
      result: 'refused',
      code: 'RINGMAIN_CLUSTER_BUSY',
      reason: 'throttled',
      says: 'so',
      detail: 'inside',
    }),
  )
  const { says, detail, reason } = lines[0] ?? {}
  assert.deepEqual([says, detail, reason], ['so', 'inside', 'throttled'])
  assert.equal(lines[0]?.['ringmain.refusal'], 'RINGMAIN_CLUSTER_BUSY')
  assert.equal(lines[0]?.['http.method'], 'DELETE')
})

test('no line is made where nobody reads it', t => {
  const { observer, lines } = ground(t, 'warn')
  observer.ended(recordAs())
  assert.deepEqual(lines, [])
})

test('labels are of closed sets, or names that the table and the replicas gave', async t => {
  const { observer, scrape } = ground(t)
  for (const method of [
    'tools/call',
    'tools/list',
    'server/discover',
    'initialize',
    'ping',
    'DELETE',
    'response',
  ])
    observer.ended(recordAs({ method }))
  for (const method of ['evil"} 1', 'x'.repeat(100), '__proto__', '', 'tools/Call'])
    observer.ended(recordAs({ method, toolAsked: `tool-${method}`, serverName: `path-${method}` }))
  observer.ended(recordAs({ method: 'notifications/whatever' }))
  const { method: _method, ...unread } = recordAs()
  observer.ended(unread)
  observer.ended(
    recordAs({
      trail: { attempts: 1, cluster: 'crm', endpoint: 'r1', tool: 'find', firstByteMs: 1 },
    }),
  )
  observer.ended(
    recordAs({ result: 'refused', reason: 'malformed', code: 'RINGMAIN_INVALID_REQUEST' }),
  )
  const { le: _buckets, ...labels } = labelsIn(await scrape())
  const own = Object.fromEntries(
    Object.entries(labels).filter(([name]) => /^(mcp|ringmain|gen_ai|reason)/.test(name)),
  )
  assert.deepEqual(own, {
    mcp_method_name: [
      'DELETE',
      'initialize',
      'notification',
      'other',
      'ping',
      'response',
      'server/discover',
      'tools/call',
      'tools/list',
    ],
    ringmain_result: ['answered', 'refused'],
    gen_ai_tool_name: ['find'],
    ringmain_cluster: ['crm'],
    reason: ['malformed'],
  })
})

test('replicas and tools that come and go take no series from those that are new', async t => {
  const { observer, scrape } = ground(t)
  const called = (endpoint: string, tool: string, cluster = 'crm'): void =>
    observer.ended(recordAs({ trail: { attempts: 1, cluster, endpoint, tool, firstByteMs: 1 } }))
  for (let deploy = 0; deploy < 3_000; deploy += 1) called(`r${deploy}`, `tool-${deploy}`)
  called('r', 'search', 'web')
  const text = await scrape()
  assert.match(text, /^mcp_client_operation_duration_count\{[^}]*"crm"[^}]*\} 3000$/m)
  assert.match(text, /^mcp_client_operation_duration_count\{[^}]*"web"[^}]*\} 1$/m)
  assert.match(text, /^mcp_server_operation_duration_count\{[^}]*"web"[^}]*"search"[^}]*\} 1$/m)
  assert.match(text, /^mcp_server_operation_duration_count\{[^}]*"crm"[^}]*"other"[^}]*\} 2800$/m)
})

test('totals tell what is under way, what ended and what the router itself could not complete', async t => {
  const { observer, scrape } = ground(t)
  for (let count = 0; count < 3; count += 1) observer.began()
  observer.ended(recordAs())
  observer.ended(
    recordAs({ result: 'broken', reason: 'outcome_unknown', code: 'RINGMAIN_OUTCOME_UNKNOWN' }),
  )
  assert.deepEqual(observer.totals, { total: 2, refused: 1, inFlight: 1 })
  assert.match(await scrape(), /^ringmain_calls_in_flight(?:\{[^}]*\})? 1$/m)
})

test('gauges tell of each replica what it carries, and of each cluster how its source does', async t => {
  const { telemetry, scrape } = ground(t)
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  t.after(() => active.close())
  const [endpoint] = serveAt(active, clusters, { cluster: 'crm', ports: [1] })
  if (endpoint === undefined) throw new Error('no endpoint')
  endpoint.inFlight = 2
  endpoint.streams = 3
  observeClusters(telemetry, active, { nowMs: () => 0, wallMs: () => 5_000 })
  const at = (name: string, text: string): string | undefined =>
    new RegExp(`^${name}\\{[^}]*ringmain_replica="127\\.0\\.0\\.1:1"[^}]*\\} (\\S+)$`, 'm').exec(
      text,
    )?.[1]
  const text = await scrape()
  assert.deepEqual(
    ['inflight', 'streams', 'ewma_seconds', 'health'].map(name =>
      at(`ringmain_replica_${name}`, text),
    ),
    ['2', '3', '0.001', '1'],
  )
  const ofSource = (name: string, told: string): string | undefined =>
    new RegExp(
      `^ringmain_discovery_${name}\\{[^}]*ringmain_cluster="crm"[^}]*\\} (\\S+)$`,
      'm',
    ).exec(told)?.[1]
  const ofSources = (told: string): readonly (string | undefined)[] =>
    ['failures', 'stale', 'age_seconds'].map(name => ofSource(name, told))
  assert.deepEqual(ofSources(text), ['0', '0', '5'])
  const doubt = 'Consul has no leader: what it says may be stale.'
  clusters.source('crm').tell({ problem: doubt, answeredAtMs: 3_500 })
  assert.deepEqual(ofSources(await scrape()), ['0', '1', '1.5'])
  endpoint.becomeDown('no answer')
  assert.equal(at('ringmain_replica_health', await scrape()), '0')
})

test('calls whose arguments only their tool can check are counted by cluster, once they were sent', async t => {
  const { observer, scrape } = ground(t)
  const unchecked = { cluster: 'crm', isUnchecked: true } as const
  for (const [attempts, toolAsked] of [
    [1, 'one'],
    [2, 'two'],
    [0, 'three'],
  ] as const)
    observer.ended(recordAs({ toolAsked, trail: { ...unchecked, attempts } }))
  observer.ended(recordAs({ trail: { cluster: 'crm', attempts: 1 } }))
  const counts = [
    ...(await scrape()).matchAll(/^ringmain_params_unchecked_total\{([^}]*)\} (\d+)$/gm),
  ]
  assert.equal(counts.length, 1)
  assert.match(counts[0]?.[1] ?? '', /ringmain_cluster="crm"/)
  assert.equal(counts[0]?.[2], '2')
})

test('lines that the log lost are a metric', async t => {
  const { telemetry, scrape } = ground(t)
  observeLog(telemetry.meter, () => 7)
  assert.match(await scrape(), /^ringmain_log_dropped_total(?:\{[^}]*\})? 7$/m)
})
