// A watch of one cluster with two replicas, over connections and times that the test plays.
import type { TestContext } from 'node:test'
import { ActiveTable } from '#router/active-table.ts'
import type { Learned } from '#router/clusters/endpoint.ts'
import { handshakeWay } from '#router/open-session.ts'
import { ClusterWatch, type Watcher, type WatchPorts } from '#router/streams/cluster-watch.ts'
import { clusterPolicy, tableOf } from './cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from './fake-send.ts'
import { type ManualAfter, manualAfter } from './manual-after.ts'
import { settle } from './manual-time.ts'
import { MODERN, playedClusters, serveAt } from './open-cluster.ts'

export interface WatchGround extends ManualAfter {
  readonly watch: ClusterWatch
  readonly requests: FakeSend
  /** Lists that were told to be stale, in order. */
  readonly stale: string[]
  readonly active: ActiveTable
}

/** A cluster of two replicas in service, and what is sent to them. */
export interface WatchedCluster {
  readonly active: ActiveTable
  readonly requests: FakeSend
  readonly ports: Pick<WatchPorts, 'cluster' | 'way'>
}

export function watchedCluster(t: TestContext, learned: Learned = MODERN): WatchedCluster {
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  t.after(() => active.close())
  serveAt(active, clusters, { cluster: 'crm', ports: [1, 2], learned })
  const requests = fakeSend()
  let id = 0
  const ports = { say: requests.say, nextId: () => (id += 1) }
  const cluster: WatchPorts['cluster'] = name => active.cluster(name)
  return { active, requests, ports: { cluster, way: place => handshakeWay(ports, place) } }
}

export function watchGround(t: TestContext, learned?: Learned): WatchGround {
  const { active, requests, ports } = watchedCluster(t, learned)
  const time = manualAfter()
  const stale: string[] = []
  const watch = new ClusterWatch(
    'crm',
    {
      ...ports,
      client: { name: 'ringmain', version: '1' },
      random: () => 0,
      nowMs: time.nowMs,
      after: time.after,
      onListChanged: (_cluster, of) => stale.push(of),
    },
    { passedHeaders: [['x-ringmain-via', 'r1']] },
  )
  t.after(() => watch.close())
  return { watch, requests, stale, active, ...time }
}

export const STREAM = { 'content-type': 'text/event-stream' }
export const LEGACY: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
/** One event. */
export const said = (method: string, params: object = {}): string =>
  `data: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`
export const ACK = said('notifications/subscriptions/acknowledged')
export const TOOLS = said('notifications/tools/list_changed')

/** Notes what it is told of. */
export interface Hearing extends Watcher {
  readonly heard: string[]
  /** As it was said. */
  readonly words: Buffer[]
}

export function hearing(uris: readonly string[] = [], isPromised = true): Hearing {
  const heard: string[] = []
  const words: Buffer[] = []
  const hear = (what: string, json: Buffer): void => {
    heard.push(what)
    words.push(json)
  }
  return {
    heard,
    words,
    uris: new Set(uris),
    isPromised: () => isPromised,
    onList: hear,
    onResource: hear,
  }
}

export const isEnded = ({ control }: SentRequest): boolean => control.calls.includes('abort')

export const answered = async (request: SentRequest, text = ACK): Promise<void> => {
  request.answer(STREAM)
  await settle()
  request.data(text)
}

/** What a modern subscription asks for. */
export const filterOf = ({ message }: SentRequest): unknown =>
  (message['params'] as { readonly notifications: unknown }).notifications
