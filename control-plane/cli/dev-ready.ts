// Waits until the demo's router serves with all replicas, and the block that then tells a person what to do.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClusterList, ReadyView, RouterView } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import { adminClient, DEFAULT_ADMIN_URL } from './admin-client.ts'
import { EXIT, Failure } from './failure.ts'
import { takesCalls } from './status.ts'

const LOOK_EVERY_MS = 100
const READY_LIMIT_MS = 60_000
const HEARTBEAT_MS = 5_000
const DEFAULT_MCP_URL = 'http://127.0.0.1:7400/mcp'

/** Waits for readiness and for every endpoint to be up, saying now and then what is still missing. */
export async function waitUntilReady(
  admin: string,
  say: (text: string) => void,
  mustGoOn: () => void,
): Promise<RouterView> {
  const startedMs = performance.now()
  let nextWordMs = startedMs + HEARTBEAT_MS
  for (;;) {
    mustGoOn()
    const missing = await whatIsMissing(admin)
    if (missing.length === 0) return adminClient(admin).get<RouterView>('/debug/router')
    const nowMs = performance.now()
    if (nowMs - startedMs > READY_LIMIT_MS) throw notReady(admin, missing)
    if (nowMs > nextWordMs) {
      nextWordMs = nowMs + HEARTBEAT_MS
      const left = formatDuration(READY_LIMIT_MS - (nowMs - startedMs))
      say(`still waiting (at most ${left} more): ${missing.join('; ')}`)
    }
    await pause(LOOK_EVERY_MS)
  }
}

async function whatIsMissing(admin: string): Promise<readonly string[]> {
  const client = adminClient(admin)
  const [ready, clusters] = await Promise.all([
    client.get<ReadyView>('/readyz', 503),
    client.get<ClusterList>('/debug/clusters'),
  ])
  return [
    ...ready.checks.filter(check => !check.ok).map(check => `${check.id}: ${check.detail}`),
    ...(ready.ready || ready.checks.some(check => !check.ok) ? [] : ['the router is not ready']),
    ...clusters.items.flatMap(({ name, endpoints }) => {
      const up = endpoints.filter(takesCalls).length
      return endpoints.length > 0 && up === endpoints.length
        ? []
        : [`${name}: ${up} of ${endpoints.length} replicas up`]
    }),
  ]
}

function notReady(admin: string, missing: readonly string[]): Failure {
  return new Failure(EXIT.timedOut, {
    code: 'timed_out',
    what: `the mesh is not ready after ${formatDuration(READY_LIMIT_MS)}`,
    where: `${admin}/readyz`,
    why: missing.join('; '),
    next: 'see the logs in the state folder',
  })
}

export interface ReadyFacts {
  readonly tookMs: number
  readonly discovery: string
  readonly replicaCount: number
  readonly router: RouterView
  /** As it was typed. */
  readonly state: string
  readonly stateFlag: string
  readonly consul?: string
}

/** Every line is either a fact or something to copy. */
export function readyBlock(facts: ReadyFacts): readonly string[] {
  const { router, state } = facts
  const mcp = new URL('/mcp', router.mcp).href
  const atUrl = mcp === DEFAULT_MCP_URL ? '' : ` --server-url ${mcp}`
  const atServer = router.admin === DEFAULT_ADMIN_URL ? '' : ` --server ${router.admin}`
  return [
    `ready in ${formatDuration(facts.tookMs)}   (discovery: ${facts.discovery}; ${facts.replicaCount} demo replicas, 1 router)`,
    '',
    ...labelled('MCP endpoint', endpointLines(router)),
    ...labelled('admin', [`${router.admin}/readyz   /metrics   /debug/clusters`]),
    ...(facts.consul === undefined ? [] : labelled('Consul', [`${facts.consul}/ui`])),
    '',
    ...labelled('try', [
      `npx ringmain call search__search --arg query=hello${atUrl}`,
      `npx ringmain call expenses__report --arg seconds=5${atUrl}`,
      `npx ringmain status${atServer}`,
    ]),
    ...labelled('inspect', [
      `npx @modelcontextprotocol/inspector --cli ${mcp} --transport http --method tools/list`,
    ]),
    ...labelled('kill a replica', [`pkill -9 -f 'name search-2'`]),
    ...labelled('start it again', [`npx ringmain dev replica search-2${facts.stateFlag}`]),
    ...labelled('logs', [join(state, 'logs')]),
    ...labelled('stop', ['Ctrl-C   (once: calls in flight finish; twice: now)']),
  ]
}

/** The endpoint that most people want first, then the others by path. */
function endpointLines(router: RouterView): readonly string[] {
  const servers = [...router.virtualServers].sort((a, b) => a.path.localeCompare(b.path))
  const urls = servers.map(({ path }) => new URL(path, router.mcp).href)
  const room = Math.max(0, ...urls.map(url => url.length))
  return urls.map((url, index) => `${url.padEnd(room)}   ${servers[index]?.clusters.join(', ')}`)
}

const LABEL_WIDTH = 16

function labelled(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`)
}
