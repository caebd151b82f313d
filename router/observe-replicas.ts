// Gauges of the replicas of one cluster. Each of them is told of while they are hundreds; of thousands only the sums are, since a
// scrape of six series for each of ten thousand would hold the loop for a second, and no store of metrics wants them.
import type { Observe } from '#foundation/telemetry.ts'
import type { Endpoint } from './clusters/endpoint.ts'

export const REPLICA_GAUGES = {
  'ringmain.replica.inflight': 'Calls a replica carries.',
  'ringmain.replica.limit':
    'Calls at once that a replica is given since it said that it has too much to do.',
  'ringmain.replica.streams': 'Event streams a replica carries.',
  'ringmain.replica.ewma_seconds': 'Moving average of time to first byte.',
  'ringmain.replica.health': '1 up, 0 down or unknown.',
  'ringmain.replica.apart':
    '1 when its tools differ from those of the replicas that serve, or are not known while theirs are.',
  'ringmain.replica.ejected': '1 while its calls failed and it is given none, or one to try it.',
  'ringmain.cluster.ejected': 'Replicas of a cluster that are ejected, whatever their checks say.',
  'ringmain.cluster.replicas': 'Replicas of a cluster by their health: up, apart, down or unknown.',
  'ringmain.cluster.inflight': 'Calls that all replicas of a cluster carry.',
  'ringmain.cluster.streams': 'Event streams that all replicas of a cluster carry.',
} as const

/** Replicas of a cluster that are told of one by one. */
export const MOST_TOLD = 500

export function observeReplicas(
  observe: Observe<keyof typeof REPLICA_GAUGES>,
  cluster: string,
  { endpoints, nowMs }: { readonly endpoints: Iterable<Endpoint>; readonly nowMs: number },
): void {
  const all = [...endpoints]
  const ofCluster = { 'ringmain.cluster': cluster }
  const counts = { up: 0, apart: 0, down: 0, unknown: 0 }
  let inFlight = 0
  let streams = 0
  let ejected = 0
  for (const endpoint of all) {
    inFlight += endpoint.inFlight
    streams += endpoint.streams
    if (endpoint.isEjected) ejected += 1
    counts[endpoint.isApart && endpoint.health === 'up' ? 'apart' : endpoint.health] += 1
  }
  for (const [health, count] of Object.entries(counts))
    observe('ringmain.cluster.replicas', count, { ...ofCluster, 'ringmain.health': health })
  observe('ringmain.cluster.inflight', inFlight, ofCluster)
  observe('ringmain.cluster.streams', streams, ofCluster)
  observe('ringmain.cluster.ejected', ejected, ofCluster)
  if (all.length > MOST_TOLD) return
  for (const endpoint of all) {
    const labels = { ...ofCluster, 'ringmain.replica': endpoint.key }
    observe('ringmain.replica.inflight', endpoint.inFlight, labels)
    if (endpoint.limitNow !== Number.POSITIVE_INFINITY)
      observe('ringmain.replica.limit', endpoint.limitNow, labels)
    observe('ringmain.replica.streams', endpoint.streams, labels)
    observe('ringmain.replica.ewma_seconds', endpoint.ewmaMs(nowMs) / 1_000, labels)
    observe('ringmain.replica.ejected', endpoint.isEjected ? 1 : 0, labels)
    observe('ringmain.replica.apart', endpoint.isApart ? 1 : 0, labels)
    observe('ringmain.replica.health', endpoint.health === 'up' ? 1 : 0, labels)
  }
}
