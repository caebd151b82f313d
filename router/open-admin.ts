// What the admin listener shows, read from the parts that know it.
import type { LeftOutView, ReadyView, RouterView } from '#foundation/admin-views.ts'
import { systemClock } from '#foundation/clock.ts'
import type { RouterSettings } from '#foundation/settings.ts'
import { SCRAPE_CONTENT_TYPE, type Telemetry } from '#foundation/telemetry.ts'
import { RINGMAIN_VERSION } from '#foundation/version.ts'
import { DEFAULT_VIRTUAL_SERVER } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import { type AdminListener, type AdminSource, openAdminListener } from './admin/admin-listener.ts'
import { readyView } from './admin/readiness.ts'
import { clusterList } from './admin/views.ts'
import { createAllowList } from './listeners/allow-list.ts'
import type { CallObserver } from './observe.ts'
import { shownSignals } from './open-overload.ts'
import type { Overload } from './overload/overload.ts'
import { saysOf } from './overload/pressure.ts'
import type { DirectoryFeed } from './table-feed/directory-feed.ts'

/** After this a router is ready although one of its sources has not been heard of. */
const PATIENCE_MS = 10_000

export interface RouterState {
  isDraining: boolean
  wasReady: boolean
  readonly beganMs: number
  readonly feed: DirectoryFeed
  readonly active: ActiveTable
  readonly observer: CallObserver
  readonly overload: Overload
}

export function openAdmin(
  settings: RouterSettings,
  state: RouterState,
  from: {
    readonly mcp: () => string
    readonly telemetry: Telemetry
    readonly operate: AdminSource['operate']
    readonly leftOut: (server: string) => readonly LeftOutView[]
  },
): Promise<AdminListener> {
  const { active } = state
  const own = { url: '' }
  const opening = openAdminListener(
    {
      host: settings.adminHost,
      port: settings.adminPort,
      allow: createAllowList(settings.allowHosts, []),
    },
    {
      ready: () => ready(state),
      router: () => routerView(state, { mcp: from.mcp(), admin: own.url }, from.leftOut),
      clusters: () =>
        clusterList(active.clusters.values(), active.table.version, {
          nowMs: systemClock.nowMs(),
          wallMs: systemClock.wallMs(),
        }),
      operate: from.operate,
      metrics: from.telemetry.scrape,
      metricsContentType: SCRAPE_CONTENT_TYPE,
    },
  )
  return opening.then(listener => {
    own.url = listener.url
    return listener
  })
}

/** Once ready, a router stays ready until it drains: a cluster that fails later is refused call by call. */
function ready(state: RouterState): ReadyView {
  const stale = staleness(state.feed)
  const isPatient = systemClock.nowMs() - state.beganMs < PATIENCE_MS
  const view = readyView(state.active.clusters.values(), {
    isDraining: state.isDraining,
    overload: { level: state.overload.level, says: saysOf(state.overload.level) },
    isWarmEnough: state.wasReady || !isPatient,
    virtualServers: Object.keys(state.active.table.virtualServers).length,
    ...(stale === undefined ? {} : { stale }),
  })
  state.wasReady ||= view.ready
  return view
}

/** Of the documents in force, once the folder no longer holds them. */
function staleness(
  feed: DirectoryFeed,
): { readonly problem: string; readonly ageMs: number } | undefined {
  const [problem, sinceMs] = [feed.problem(), feed.staleSinceMs()]
  if (problem === undefined || sinceMs === undefined) return undefined
  return { problem, ageMs: Math.max(0, Math.round(systemClock.wallMs() - sinceMs)) }
}

function routerView(
  state: RouterState,
  urls: { readonly mcp: string; readonly admin: string },
  leftOut: (server: string) => readonly LeftOutView[],
): RouterView {
  const { active, feed, observer, overload } = state
  const stale = staleness(feed)
  let streams = 0
  for (const cluster of active.clusters.values())
    for (const endpoint of cluster.endpoints) streams += endpoint.streams
  return {
    version: RINGMAIN_VERSION,
    pid: process.pid,
    uptimeMs: Math.round(systemClock.nowMs() - state.beganMs),
    ...urls,
    table: {
      version: active.table.version,
      loadedAtMs: active.loadedAtMs,
      ...stale,
    },
    virtualServers: Object.values(active.table.virtualServers).map(({ name, members }) => {
      const clusters = members.map(member => member.cluster)
      const left = leftOut(name).filter(({ cluster }) => clusters.includes(cluster))
      const path = name === DEFAULT_VIRTUAL_SERVER ? '/mcp' : `/mcp/${name}`
      return { name, path, clusters, ...(left.length === 0 ? {} : { leftOut: left }) }
    }),
    calls: { ...observer.totals, streams },
    overload: {
      level: overload.level,
      says: saysOf(overload.level),
      ...shownSignals(overload.signals),
      shed: Object.fromEntries(overload.shed),
    },
  }
}
