// The router's own path of a call, from bytes to bytes, put together as the composition root does: table, clusters, checks, choice, retry
// rules, accounts, the relay. Only the clock, chance, the source of replicas and the wires are simulated.

import type { Clock, Random } from '#foundation/clock.ts'
import { createSealer, SEAL_KEY_BYTES } from '#foundation/seal.ts'
import { ActiveTable } from '#router/active-table.ts'
import type { ReplicaPorts } from '#router/choose-replica.ts'
import { EraBalancers } from '#router/clusters/balancers/era-balancers.ts'
import { Cluster } from '#router/clusters/cluster.ts'
import { CheckPace } from '#router/clusters/health/check-pace.ts'
import { CallDeadline } from '#router/deadlines/call-deadline.ts'
import { DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { decodeRequest } from '#router/eras/decode.ts'
import { JsonGuard } from '#router/eras/json-guard.ts'
import { judgeAnswer } from '#router/eras/judge.ts'
import { mirrorForEra } from '#router/eras/mirrored-params.ts'
import { respond } from '#router/eras/respond.ts'
import type { Arrived } from '#router/facts.ts'
import { openAttempts } from '#router/open-attempts.ts'
import { requestPath } from '#router/request-paths.ts'
import { RetryBudgets } from '#router/retry-budget.ts'
import { Sessions } from '#router/sessions.ts'
import { replayOf } from '#router/tool-replay.ts'
import { InFlight } from '#router/upstream/in-flight.ts'
import type { Connections } from '#router/upstream/pools.ts'
import { createSend, sendUncounted } from '#router/upstream/send.ts'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import type { ClusterPolicy, RouteTable } from '#routes/route-table.ts'
import { type FakeDiscovery, fakeDiscovery } from '#test/support/fake-discovery.ts'
import { NO_CATALOG } from '#test/support/no-catalog.ts'
import { UNDECIDED } from '#test/support/undecided.ts'
import type { FakeNet } from './fake-net.ts'

export interface RouterInTime {
  readonly cluster: Cluster
  readonly source: FakeDiscovery
  /** Resolves when the call is over for its caller. */
  readonly run: (arrived: Arrived) => Promise<unknown>
  /** What broke in the router itself. */
  readonly defects: readonly string[]
  readonly close: () => Promise<void>
}

export interface RouterPorts {
  readonly clock: Clock
  readonly random: Random
  /** Who is asked by checks. */
  readonly net: FakeNet
  /** What calls go through: the net, or what a test puts before it. */
  readonly connections: Connections
  /** Documents, with one cluster of this name. */
  readonly policies: string
  readonly name: string
}

/** Of what no call needs. */
const unused = (): never => {
  throw new Error('the simulation makes nothing but calls')
}

export function routerInTime(ports: RouterPorts): RouterInTime {
  const { name, clock, random } = ports
  const defects: string[] = []
  const defect = (at: string, error: unknown): void =>
    void defects.push(`${at}: ${String((error as Error).stack ?? error)}`)
  const source = fakeDiscovery()
  const active = new ActiveTable(tableOf(ports.policies), clusterOpener(ports, source))
  const cluster = active.cluster(name)
  if (cluster === undefined) throw new Error(`the documents name no cluster "${name}"`)
  const guard = new JsonGuard(ports.random)
  const sealer = createSealer(Buffer.alloc(SEAL_KEY_BYTES, 7))
  const budgets = new RetryBudgets<ClusterPolicy>(clock.nowMs)
  const parts = { ...replicaPorts(ports, active), sealer, budgets }
  const inFlight = new InFlight()
  const sessions = new Sessions({ ...parts, isBusy: inFlight.isBusy })
  const wheel = new DeadlineWheel(clock.nowMs)
  const path = requestPath({
    clock,
    observations: { began: () => undefined, ended: () => undefined },
    respond: respond({
      nowMs: clock.nowMs,
      after: wheel.after,
      defect: (_id, at, error) => defect(at, error),
    }),
    eras: {
      decode: arrived =>
        decodeRequest(arrived, { guard, openSession: sessions.open, routerId: 'r1' }),
    },
    table: {
      server: server => active.server(server),
      assistant: () => undefined,
      cluster: of => active.cluster(of)?.policy,
      tool: (of, tool) => active.cluster(of)?.tool(tool),
      ...NO_CATALOG,
      replay: tool => replayOf(active, tool),
      mirror: mirrorForEra,
    },
    shedding: { refusalOf: () => undefined },
    deadlines: { open: limits => new CallDeadline(wheel, clock.nowMs, limits) },
    ...openAttempts({ ...parts, random, budgets }, wheel.after),
    judge: judgeAnswer,
    lists: { page: unused, openCursor: unused, begin: unused },
    handshakes: sessions,
    cancellations: inFlight,
    farewells: { end: sessions.end, lapsed: session => void sessions.end(session) },
    streams: { open: unused },
    subscriptions: { subscribe: unused },
  })
  return {
    cluster,
    source,
    defects,
    run: arrived => path.run(arrived, { settleFailed: defect }),
    close: () => active.close(),
  }
}

const clusterOpener =
  ({ clock, random, net }: RouterPorts, discovery: FakeDiscovery) =>
  (policy: Cluster['policy']): Cluster =>
    new Cluster(policy, {
      discovery,
      check: endpoint => net.check(endpoint, policy.health.timeoutMs),
      pace: new CheckPace(random),
      clock,
      random,
      balancers: new EraBalancers({ here: {}, seed: 1 }),
      decisions: UNDECIDED,
      hostRefusal: () => undefined,
      onRemoved: () => undefined,
      log: () => undefined,
    })

function replicaPorts({ clock, connections }: RouterPorts, active: ActiveTable): ReplicaPorts {
  let ids = 0
  return {
    active,
    send: createSend(connections, clock),
    say: (endpoint, outgoing) => sendUncounted(connections, endpoint, outgoing, clock),
    nextId: () => (ids += 1),
    client: { name: 'simulated', version: '1' },
    nowMs: clock.nowMs,
  }
}

function tableOf(text: string): RouteTable {
  const compiled = compileDocuments([{ file: 'simulated.yaml', text }])
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems))
  return compiled.table
}
