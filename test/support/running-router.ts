// A router inside the test's own process: documents as text, ports and state of its own, and every line it logs.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { ClusterList, ReadyView, RouterView } from '#foundation/admin-views.ts'
import { readRouterSettings } from '#foundation/settings.ts'
import { type Router, startRouter } from '#router/router.ts'
import { until } from './until.ts'

export type LogLine = Readonly<Record<string, unknown>>

export interface RunningRouter {
  readonly mcpUrl: string
  readonly adminUrl: string
  readonly router: Router
  /** Folder of the documents. */
  readonly policies: string
  readonly state: string
  readonly lines: readonly LogLine[]
  /** Access lines, one a call. */
  readonly calls: () => readonly LogLine[]
  readonly ready: () => Promise<ReadyView>
  readonly view: () => Promise<RouterView>
  readonly clusters: () => Promise<ClusterList>
  /** Resolves when so many replicas of the cluster are in service. */
  readonly untilUp: (cluster: string, count: number) => Promise<void>
  readonly close: () => Promise<void>
}

export interface RouterOptions {
  /** `RINGMAIN_…` variables beside those that are set here. */
  readonly env?: Readonly<Record<string, string>>
  /** Kept when the router closes; otherwise a new folder that goes with it. */
  readonly state?: string
}

/** `documents`: the text of one file, or texts by file name. Resolves when the router says it is ready. */
export async function runRouter(
  documents: string | Readonly<Record<string, string>>,
  options: RouterOptions = {},
): Promise<RunningRouter> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-router-'))
  const policies = writePolicies(folder, documents)
  const state = options.state ?? join(folder, 'state')
  const read = readRouterSettings({
    RINGMAIN_POLICIES: policies,
    RINGMAIN_PORT: '0',
    RINGMAIN_ADMIN_PORT: '0',
    RINGMAIN_STATE: state,
    RINGMAIN_DRAIN: '10s',
    ...options.env,
  })
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  const lines: LogLine[] = []
  const log = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) },
  )
  const router = await startRouter(read.settings, {
    log,
    access: fields => log.info(fields),
  })
  const views = viewsOf(router.adminUrl)
  const running: RunningRouter = {
    mcpUrl: router.mcpUrl,
    adminUrl: router.adminUrl,
    router,
    policies,
    state,
    lines,
    calls: () => lines.filter(line => line['event'] === 'call'),
    ...views,
    close: async () => {
      await router.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await until('the router to be ready', async () => (await running.ready()).ready)
  } catch (error) {
    await running.close() // or it would keep the test's process, and its failure from being told
    throw error
  }
  return running
}

export function writePolicies(
  folder: string,
  documents: string | Readonly<Record<string, string>>,
): string {
  const policies = join(folder, 'policies')
  mkdirSync(policies, { recursive: true })
  const files = typeof documents === 'string' ? { 'mesh.yaml': documents } : documents
  for (const [name, text] of Object.entries(files)) writeFileSync(join(policies, name), text)
  return policies
}

/** A router that is busy is late with its views; one that is later than this does not answer. */
const VIEW_MS = 10_000

/** What an admin listener tells. */
export function viewsOf(
  adminUrl: string,
): Pick<RunningRouter, 'ready' | 'view' | 'clusters' | 'untilUp'> {
  const get = async <T>(path: string): Promise<T> => {
    const signal = AbortSignal.timeout(VIEW_MS)
    return (await (await fetch(`${adminUrl}${path}`, { signal })).json()) as T
  }
  const clusters = (): Promise<ClusterList> => get('/debug/clusters')
  return {
    ready: () => get('/readyz'),
    view: () => get('/debug/router'),
    clusters,
    untilUp: async (name, count) => {
      await until(`${count} replicas of ${name} in service`, async () => {
        const cluster = (await clusters()).items.find(item => item.name === name)
        const up = cluster?.endpoints.filter(
          ({ health, state }) => health === 'up' && state === 'ready',
        )
        return up?.length === count
      })
    },
  }
}

/** A `Cluster` document, in JSON, which YAML contains. */
export const clusterOf = (
  name: string,
  endpoints: readonly string[],
  spec: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({
    apiVersion: 'ringmain.dev/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: {
      discovery: { endpoints },
      health: { interval: '2s', timeout: '1500ms', rise: 1, fall: 3 },
      ...spec,
    },
  })

export const serverOf = (
  name: string,
  clusters: readonly string[],
  spec: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({
    apiVersion: 'ringmain.dev/v1',
    kind: 'VirtualServer',
    metadata: { name },
    spec: { clusters, ...spec },
  })

export const documents = (...texts: readonly string[]): string => texts.join('\n---\n')
