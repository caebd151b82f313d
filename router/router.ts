// The data plane put together: settings in, a serving router out. The one place where ports meet their adapters.
import { hostname } from 'node:os'
import { systemClock, systemRandom } from '#foundation/clock.ts'
import type { Log, Logs } from '#foundation/log.ts'
import { createSealer } from '#foundation/seal.ts'
import type { RouterSettings } from '#foundation/settings.ts'
import { createTelemetry, type Telemetry } from '#foundation/telemetry.ts'
import { RINGMAIN_VERSION } from '#foundation/version.ts'
import { assistantOf } from '#routes/match-assistant.ts'
import { DEFAULT_VIRTUAL_SERVER } from '#routes/route-table.ts'
import { ActiveTable, type OpenCluster } from './active-table.ts'
import type { AdminListener } from './admin/admin-listener.ts'
import { CheckPace } from './clusters/health/check-pace.ts'
import { CallDeadline } from './deadlines/call-deadline.ts'
import { afterReads, DeadlineWheel, TICK_MS } from './deadlines/deadline-wheel.ts'
import { decodeRequest } from './eras/decode.ts'
import { JsonGuard } from './eras/json-guard.ts'
import { judgeAnswer } from './eras/judge.ts'
import { misreadBeginning } from './eras/message.ts'
import { mirrorForEra } from './eras/mirrored-params.ts'
import { respond } from './eras/respond.ts'
import { createAllowList } from './listeners/allow-list.ts'
import { type McpListener, openMcpListener } from './listeners/mcp-listener.ts'
import { CallObserver, observeClusters, observeLog, observeTable } from './observe.ts'
import { type ConnectionObserver, observeConnections } from './observe-connections.ts'
import { observeEjections } from './observe-ejections.ts'
import { observePool } from './observe-pool.ts'
import { openAdmin, type RouterState } from './open-admin.ts'
import { openAttempts } from './open-attempts.ts'
import { clusterOpener } from './open-cluster.ts'
import { openOverload } from './open-overload.ts'
import { openSources } from './open-sources.ts'
import { openStreams } from './open-streams.ts'
import { openOperator } from './operate.ts'
import { outwardOf, tasksUndeclared } from './outward.ts'
import type { Overload } from './overload/overload.ts'
import { ownerCatalog } from './owner-catalog.ts'
import { requestPath, turnedAwayPath } from './request-paths.ts'
import { RetryBudgets } from './retry-budget.ts'
import { roundsOf } from './rounds.ts'
import { routerPlace } from './router-place.ts'
import { sessionKey } from './session-key.ts'
import type { SessionPool } from './session-pool.ts'
import { Sessions } from './sessions.ts'
import { type SharedListPorts, type SharedLists, sharedLists } from './shared-lists.ts'
import { shedOnHead } from './shed-on-head.ts'
import { shownAnswer } from './shims/shims.ts'
import type { Streams } from './streams/streams.ts'
import { type DirectoryFeed, openDirectoryFeed } from './table-feed/directory-feed.ts'
import { openLastGoodDocuments } from './table-feed/last-good-documents.ts'
import { replayOf } from './tool-replay.ts'
import { InFlight } from './upstream/in-flight.ts'
import { Pools } from './upstream/pools.ts'
import { newRouterId, requestIds } from './upstream/request-ids.ts'
import { createSend, sendUncounted } from './upstream/send.ts'
import { usablePolicies } from './usable-settings.ts'

export interface Router {
  readonly mcpUrl: string
  readonly adminUrl: string
  /** True when every call had ended within the limit. */
  readonly drain: () => Promise<boolean>
  readonly close: () => Promise<void>
}

/** How long connections stay open for requests that were on their way when the drain began. */
const DRAIN_GRACE_MS = 1_000

/** Rejects with a sentence for a person, which `UnusableSettings` and `PolicyProblems` hold as well. */
export async function startRouter(
  settings: RouterSettings,
  logs: Pick<Logs, 'log' | 'access'> & Partial<Logs>,
): Promise<Router> {
  const { log } = logs
  const policies = usablePolicies(settings)
  const beganMs = systemClock.nowMs()
  const sealer = createSealer(await sessionKey(settings.sessionKey, settings.state))
  const telemetry = createTelemetry('ringmain-router', RINGMAIN_VERSION)
  const pools = new Pools()
  const nextId = requestIds()
  const client = { name: 'ringmain', version: RINGMAIN_VERSION }
  const sources = openSources(settings, log)
  const pace = new CheckPace(systemRandom, settings.maxChecks)
  const here = routerPlace(settings, hostname())
  const seed = Math.floor(systemRandom() * 2 ** 32)
  const { overrides, operate } = openOperator(log, systemClock, name => active.cluster(name))
  const routerId = newRouterId()
  const common = { pools, clock: systemClock, nextId, client, routerId, log, overrides }
  const shared = { ...common, pace, here, seed, sources }
  const places = { directory: policies, stateDirectory: settings.state }
  const { feed, active } = await openTable(places, log, clusterOpener(shared))
  const observer = new CallObserver(logs.access, telemetry)
  observeClusters(telemetry, active, systemClock)
  observeEjections(telemetry.meter, active)
  observeTable(telemetry, feed.staleSinceMs, systemClock)
  observeLog(telemetry.meter, logs.dropped ?? (() => 0))
  const { overload, close: closeOverload } = openOverload({ active, observer, telemetry, log })
  const parts: Parts = {
    active,
    observer,
    overload,
    connections: observeConnections(telemetry.meter, log, systemClock.nowMs),
    telemetry,
    log,
    sealer,
    send: createSend(pools, systemClock),
    say: (endpoint, outgoing) => sendUncounted(pools, endpoint, outgoing, systemClock),
    nextId,
    client,
    routerId,
    nowMs: systemClock.nowMs,
    random: systemRandom,
    budgets: new RetryBudgets(systemClock.nowMs),
  }
  const state: RouterState = {
    isDraining: false,
    wasReady: false,
    beganMs,
    feed,
    active,
    observer,
    overload,
  }
  const shutDown = async (): Promise<void> => {
    closeOverload()
    overrides.close()
    await feed.close()
    await active.close()
    await sources.close()
    await pools.close()
    await telemetry.close()
  }
  try {
    const listening = await listen(settings, parts)
    const admin = await openAdmin(settings, state, {
      mcp: () => `${listening.listener.url}/mcp`,
      telemetry,
      operate,
      leftOut: listening.lists.leftOut,
    }).catch(async (error: unknown) => {
      await listening.listener.close()
      throw error
    })
    return handle(settings, state, { ...listening, admin, shutDown })
  } catch (error) {
    await shutDown()
    throw error
  }
}

/** The documents of the folder and the clusters they make, the second following the first. */
async function openTable(
  places: { readonly directory: string; readonly stateDirectory: string },
  log: Log,
  open: OpenCluster,
): Promise<{ readonly feed: DirectoryFeed; readonly active: ActiveTable }> {
  const opened = Promise.withResolvers<ActiveTable>()
  const feed = await openDirectoryFeed({
    directory: places.directory,
    log,
    clock: systemClock,
    lastGood: openLastGoodDocuments({ ...places, log }),
    onTable: async table => (await opened.promise).apply(table),
  })
  const active = new ActiveTable(feed.table, open)
  opened.resolve(active)
  return { feed, active }
}

interface Parts extends SharedListPorts {
  readonly observer: CallObserver
  readonly overload: Overload
  readonly connections: ConnectionObserver
  readonly telemetry: Telemetry
  readonly log: Log
  readonly routerId: string
}

async function listen(settings: RouterSettings, parts: Parts): Promise<Listening> {
  const { active, observer, overload, connections, log, routerId } = parts
  const inFlight = new InFlight()
  const isBusy = (token: string) => inFlight.isBusy(token) || opened.streams.hasOpen(token)
  const sessions = new Sessions({ ...parts, isBusy })
  const guard = new JsonGuard(systemRandom)
  const decoding = { guard, openSession: sessions.open, routerId }
  const wheel = new DeadlineWheel(systemClock.nowMs, TICK_MS, afterReads)
  const attempting = openAttempts(parts, wheel.after)
  observePool(parts.telemetry, attempting.pool)
  const shared = {
    clock: systemClock,
    observations: observer,
    respond: respond({
      nowMs: systemClock.nowMs,
      after: wheel.after,
      defect: (id, at, error) => log.error({ event: 'defect', id, at, err: error }, 'defect'),
    }),
  }
  const lists = sharedLists(parts)
  const states = { sealer: parts.sealer, wallMs: systemClock.wallMs }
  const catalog = ownerCatalog(parts, lists)
  const opened = openStreams(parts, catalog, { lists, observe: observer.streams })
  const path = requestPath({
    ...shared,
    eras: { decode: arrived => decodeRequest(arrived, decoding) },
    table: {
      server: name => active.server(name),
      assistant: introduced => assistantOf(active.table.assistants, introduced),
      cluster: name => active.cluster(name)?.policy,
      ...catalog,
      replay: tool => replayOf(active, tool),
      outward: (call, owned) => outwardOf(parts.sealer, call, owned),
      missing: tasksUndeclared,
      rounds: (call, owned) => roundsOf(states, call, owned),
      mirror: mirrorForEra,
      reshape: ({ assistant, message }) => shownAnswer(assistant, message.method),
    },
    shedding: overload,
    deadlines: { open: limits => new CallDeadline(wheel, systemClock.nowMs, limits) },
    attempts: attempting.attempts,
    answers: attempting.answers,
    judge: judgeAnswer,
    lists,
    handshakes: sessions,
    cancellations: inFlight,
    farewells: opened.farewells(sessions, inFlight.isBusy),
    streams: opened.streams,
    subscriptions: opened.subscriptions,
  })
  const turnedAway = turnedAwayPath(shared)
  const kit = {
    settleFailed: (at: string, error: unknown) =>
      log.error({ event: 'defect', at: `settle ${at}`, err: error }, 'defect'),
  }
  const listener = await openMcpListener({
    host: settings.host,
    port: settings.port,
    allow: createAllowList(settings.allowHosts, settings.allowOrigins),
    maxBodyBytes: settings.maxBody,
    misreadBeginning: beginning => misreadBeginning(beginning, guard),
    maxConnections: settings.maxConnections,
    maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    headersTimeoutMs: settings.headersTimeout,
    requestTimeoutMs: settings.requestTimeout,
    writeTimeoutMs: settings.writeTimeout,
    defaultServer: DEFAULT_VIRTUAL_SERVER,
    isOffered: name => active.server(name) !== undefined,
    shed: shedOnHead(active, overload),
    wasShed: observer.shed,
    mayConnect: () => overload.level < 4,
    handle: arrived => void path.run(arrived, kit),
    refuseEarly: (arrived, refusal) =>
      void turnedAway.run({ ...arrived, turnedAway: refusal }, kit),
    brokenRequest: connections.broken,
    droppedConnection: connections.dropped,
  })
  return { listener, streams: opened.streams, pool: attempting.pool, lists }
}

interface Listening {
  readonly listener: McpListener
  readonly streams: Streams
  readonly pool: SessionPool
  readonly lists: SharedLists
}

function handle(
  settings: RouterSettings,
  state: RouterState,
  open: Listening & {
    readonly admin: AdminListener
    readonly shutDown: () => Promise<void>
  },
): Router {
  const close = async (): Promise<void> => {
    open.streams.close()
    await open.listener.close()
    await open.pool.close()
    await open.admin.close()
    await open.shutDown()
  }
  return {
    mcpUrl: `${open.listener.url}/mcp`,
    adminUrl: open.admin.url,
    close,
    drain: async () => {
      state.isDraining = true // told by /readyz from now on
      open.streams.drain(settings.drainGrace ?? 0)
      if (settings.drainGrace !== undefined) await open.listener.partWays(settings.drainGrace)
      const limit = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => limit.resolve(false), settings.drain)
      const isClean = await Promise.race([
        open.listener.drain(DRAIN_GRACE_MS).then(() => true),
        limit.promise,
      ])
      clearTimeout(timer)
      await close()
      return isClean
    },
  }
}
