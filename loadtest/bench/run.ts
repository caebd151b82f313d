// The router beside the floor, in one interleaved run: medians of same-round ratios, since absolute figures belong to one machine and hour.
// Needs wrk, nginx and taskset; says so when one is missing.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Arm, measure, median, type Slice, startNode, startUpstream } from './rig.ts'

const MUST = 0.6
const CONNECTIONS = [16, 64]
const WARM_CALLS = 250_000
/** Of three seconds each. */
const WARM_SLICES = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 6)
const seconds = Number(process.env['BENCH_SECONDS'] ?? 2)

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { query: 'travel policy', limit: 5 }, _meta: META },
})
const ANSWER = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: {
    resultType: 'complete',
    content: [{ type: 'text', text: 'Take the train for journeys under five hours.' }],
    structuredContent: { total: 1 },
  },
})

function need(program: string): void {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
  } catch {
    process.stderr.write(
      `bench: ${program} is not on PATH; install it (Debian: apt-get install wrk nginx-light util-linux) and run again\n`,
    )
    process.exit(1)
  }
}

function wrkScript(folder: string): string {
  const file = join(folder, 'call.lua')
  writeFileSync(
    file,
    `wrk.method = "POST"
wrk.body = [[${CALL}]]
wrk.headers["content-type"] = "application/json"
wrk.headers["accept"] = "application/json, text/event-stream"
wrk.headers["mcp-protocol-version"] = "2026-07-28"
wrk.headers["mcp-method"] = "tools/call"
wrk.headers["mcp-name"] = "search"
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("calls=%d errors=%d us=%d p50=%f p99=%f\\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration, latency:percentile(50), latency:percentile(99)))
end
`,
  )
  return file
}

function policies(folder: string, port: number): string {
  const directory = join(folder, 'policies')
  mkdirSync(directory)
  writeFileSync(
    join(directory, 'bench.yaml'),
    `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: search }
spec:
  discovery: { endpoints: ['http://127.0.0.1:${port}/mcp'] }
  eras: [modern]
  health: { path: /healthz }
  connections: { perEndpoint: 512 }
---
apiVersion: ringmain.dev/v1
kind: VirtualServer
metadata: { name: default }
spec: { clusters: [search] }
`,
  )
  return directory
}

async function untilReady(admin: string): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const ok = await fetch(`${admin}/readyz`).then(
      response => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('the router did not become ready')
}

async function main(): Promise<void> {
  for (const program of ['wrk', 'nginx', 'taskset']) need(program)
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-bench-'))
  const upstream = await startUpstream(join(folder, 'nginx'), ANSWER)
  const floor = await startNode(
    join(root, 'loadtest/bench/floor-proxy.ts'),
    [`http://127.0.0.1:${upstream.port}`],
    {},
  )
  const router = await startNode(join(root, 'router/main.ts'), [], {
    RINGMAIN_POLICIES: policies(folder, upstream.port),
    RINGMAIN_PORT: '0',
    RINGMAIN_ADMIN_PORT: '0',
    RINGMAIN_STATE: join(folder, 'state'),
  })
  try {
    await untilReady(String(router.message['admin']))
    const arms: readonly Arm[] = [
      {
        name: 'floor',
        url: `http://127.0.0.1:${String(floor.message['port'])}/mcp`,
        pid: floor.child.pid ?? 0,
      },
      { name: 'router', url: String(router.message['mcp']), pid: router.child.pid ?? 0 },
    ]
    report(await interleave(arms, wrkScript(folder)))
  } finally {
    for (const { child } of [floor, router, upstream]) child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Row extends Slice {
  readonly arm: string
  readonly connections: number
  readonly round: number
}

/** By calls, not by time: the compiler goes by how often code ran, and a slow machine would be measured half compiled. */
async function warm(arm: Arm, script: string): Promise<void> {
  for (let calls = 0, slices = 0; calls < WARM_CALLS && slices < WARM_SLICES; slices += 1) {
    calls += (await measure(arm, script, { connections: 16, seconds: 3 })).rps * 3
  }
}

async function interleave(arms: readonly Arm[], script: string): Promise<readonly Row[]> {
  for (const arm of arms) await warm(arm, script)
  const rows: Row[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const connections of CONNECTIONS) {
      for (const arm of round % 2 === 0 ? arms : arms.toReversed()) {
        rows.push({
          arm: arm.name,
          connections,
          round,
          ...(await measure(arm, script, { connections, seconds })),
        })
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return rows
}

function report(rows: readonly Row[]): void {
  let isMissed = false
  for (const connections of CONNECTIONS) {
    const of = (arm: string): readonly Row[] =>
      rows.filter(row => row.arm === arm && row.connections === connections)
    const floors = of('floor')
    const ratios = of('router').map((row, index) => ({
      rps: row.rps / (floors[index]?.rps ?? Number.NaN),
      cpu: row.cpuUsPerCall / (floors[index]?.cpuUsPerCall ?? Number.NaN),
    }))
    const errors = rows.reduce((sum, row) => sum + row.errors, 0)
    const rps = ratios.map(ratio => ratio.rps)
    const cpu = ratios.map(ratio => ratio.cpu)
    const span = (values: readonly number[]): string =>
      `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`
    const line = (name: string): string => {
      const some = of(name)
      return `  ${name.padEnd(7)} ${median(some.map(row => row.rps))
        .toFixed(0)
        .padStart(6)} calls/s  ${median(some.map(row => row.cpuUsPerCall))
        .toFixed(1)
        .padStart(
          6,
        )} us CPU a call  p50 ${median(some.map(row => row.p50Us)).toFixed(0)} us  p99 ${median(some.map(row => row.p99Us)).toFixed(0)} us`
    }
    process.stdout.write(
      `${connections} connections, ${ratios.length} rounds, ${errors} errors\n${line('floor')}\n${line('router')}\n  router / floor: throughput ${span(rps)}, CPU a call ${span(cpu)}\n`,
    )
    if (errors > 0 || median(rps) < MUST) isMissed = true
  }
  process.stdout.write(
    isMissed
      ? `missed: throughput must be at least ${MUST} of the floor, without errors\n`
      : `held: throughput at least ${MUST} of the floor\n`,
  )
  process.exitCode = isMissed ? 1 : 0
}

await main()
