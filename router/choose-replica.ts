// From a cluster to the one replica that takes this exchange: the one the caller's session lives on, or the cheapest that may.
// A legacy server that keeps sessions gets one of its own where the caller has none.

import type { Era } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import type { Decoded } from './facts.ts'
import type { Refusal } from './pipeline/stage.ts'
import {
  endUpstreamSession,
  type HandshakeWay,
  openUpstreamSession,
} from './upstream/legacy-handshake.ts'
import type { ClientInfo, LegacyContext, Times } from './upstream/questions.ts'
import type { Outgoing, Send } from './upstream/send.ts'

export interface Replica {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly isBound: boolean
  /** Revision and session for a legacy exchange. */
  readonly legacy?: LegacyContext
  /** Ends a session that was opened for this exchange alone. */
  readonly release?: () => void
}

export type ReplicaChoice =
  | { readonly kind: 'replica'; readonly replica: Replica }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export interface ReplicaPorts {
  readonly active: ActiveTable
  readonly send: Send
  readonly nextId: () => number
  readonly client: ClientInfo
  readonly nowMs: () => number
}

type Asking = Pick<Decoded, 'era' | 'version' | 'session'>

const RETRY_AFTER_MS = 1_000
/** A handshake in the router's own name must not take as long as a tool may. */
const HANDSHAKE_MS = 5_000

export function chooseReplica(
  ports: ReplicaPorts,
  call: Asking,
  clusterName: string,
  tried: ReadonlySet<string>,
): ReplicaChoice | Promise<ReplicaChoice> {
  const cluster = ports.active.cluster(clusterName)
  if (cluster === undefined) {
    return { kind: 'refuse', refusal: unavailable(`Cluster "${clusterName}" is not in the table.`) }
  }
  const member = call.session?.members.find(candidate => candidate.cluster === clusterName)
  if (member?.endpoint !== undefined) {
    const endpoint = cluster.endpoint(member.endpoint)
    if (endpoint === undefined || isLost(endpoint)) {
      return {
        kind: 'refuse',
        refusal: { code: 'RINGMAIN_SESSION_UNKNOWN', detail: `${member.endpoint} is gone` },
      }
    }
    const replica: Replica = {
      cluster,
      endpoint,
      isBound: true,
      legacy: contextOf(member.version, member.id),
    }
    if (!cluster.isFull(endpoint)) return found(replica)
    const waiting = waitFor(ports, cluster, () => (cluster.isFull(endpoint) ? undefined : endpoint))
    return waiting.then(choice => (choice.kind === 'refuse' ? choice : found(replica)))
  }
  const choosing = choosePlace(ports, call.era, cluster, tried)
  if (choosing instanceof Promise)
    return choosing.then(place => equippedOr(ports, call, place, tried))
  return equippedOr(ports, call, choosing, tried)
}

export interface Place {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
}

export type PlaceChoice =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** The cheapest replica that may take it, after a wait for a free slot if need be. */
export function choosePlace(
  ports: Pick<ReplicaPorts, 'nowMs'>,
  era: Era,
  cluster: Cluster,
  tried: ReadonlySet<string>,
): PlaceChoice | Promise<PlaceChoice> {
  const choice = cluster.choose(era, tried)
  if (choice.kind === 'endpoint')
    return { kind: 'place', place: { cluster, endpoint: choice.endpoint } }
  if (choice.kind === 'none') return { kind: 'refuse', refusal: noPlace(choice, era) }
  return waitFor(ports, cluster, () => {
    const again = cluster.choose(era, tried)
    return again.kind === 'endpoint' ? again.endpoint : undefined
  })
}

function equippedOr(
  ports: ReplicaPorts,
  call: Asking,
  choice: PlaceChoice,
  tried: ReadonlySet<string>,
): ReplicaChoice | Promise<ReplicaChoice> {
  return choice.kind === 'refuse' ? choice : equipped(ports, call, choice.place, tried)
}

/** A session outlives a drain, but not the replica. */
const isLost = (endpoint: Endpoint): boolean =>
  endpoint.isRemoved || endpoint.health === 'down' || endpoint.instance.state === 'down'

const found = (replica: Replica): ReplicaChoice => ({ kind: 'replica', replica })

const contextOf = (version: string, sessionId: string | undefined): LegacyContext =>
  sessionId === undefined ? { version } : { version, sessionId }

export const unavailable = (says: string): Refusal => ({
  code: 'RINGMAIN_NO_HEALTHY_REPLICA',
  says,
  retryAfterMs: RETRY_AFTER_MS,
})

function noPlace(
  choice: { readonly why: 'no_replica' | 'other_era'; readonly detail: string },
  era: Era,
): Refusal {
  if (choice.why === 'no_replica') return unavailable(`Cluster ${choice.detail}.`)
  return { code: 'RINGMAIN_ERA_NOT_BRIDGED', says: `Cluster ${choice.detail}, the call is ${era}.` }
}

/** Waits its turn for a free slot, no longer than the cluster allows. */
async function waitFor(
  ports: Pick<ReplicaPorts, 'nowMs'>,
  cluster: Cluster,
  tryNow: () => Endpoint | undefined,
): Promise<PlaceChoice> {
  const { queue, waitMs } = cluster.policy.connections
  const endMs = ports.nowMs() + waitMs
  for (let leftMs = waitMs; leftMs > 0; leftMs = endMs - ports.nowMs()) {
    if (!(await cluster.slots.wait({ queue, waitMs: leftMs }, () => tryNow() !== undefined))) break
    const endpoint = tryNow()
    if (endpoint !== undefined) return { kind: 'place', place: { cluster, endpoint } }
  }
  const says = `Cluster "${cluster.policy.name}" had no free slot within ${waitMs} ms, or its queue of ${queue} is full.`
  return {
    kind: 'refuse',
    refusal: { code: 'RINGMAIN_CLUSTER_BUSY', says, retryAfterMs: RETRY_AFTER_MS },
  }
}

/** A legacy exchange needs a revision and, at a server that keeps sessions, a session. */
function equipped(
  ports: ReplicaPorts,
  call: Asking,
  place: Place,
  tried: ReadonlySet<string>,
): ReplicaChoice | Promise<ReplicaChoice> {
  if (call.era === 'modern') return found({ ...place, isBound: false })
  const { learned } = place.endpoint
  const version = learned?.legacyVersion ?? call.version
  if (learned?.isSessionful !== true)
    return found({ ...place, isBound: false, legacy: { version } })
  return withOwnSession(ports, call, place, tried)
}

async function withOwnSession(
  ports: ReplicaPorts,
  call: Asking,
  place: Place,
  tried: ReadonlySet<string>,
): Promise<ReplicaChoice> {
  const { cluster, endpoint } = place
  const way = handshakeWay(ports, place)
  const handshake = await openUpstreamSession(way, { version: call.version, client: ports.client })
  if (handshake.kind === 'failed') {
    cluster.suspect(endpoint)
    return chooseReplica(ports, call, cluster.policy.name, new Set([...tried, endpoint.key]))
  }
  const { session } = handshake
  const release = (): void => void endUpstreamSession(way, session)
  return found({ cluster, endpoint, isBound: false, legacy: session, release })
}

export function handshakeWay(
  ports: Pick<ReplicaPorts, 'send' | 'nextId'>,
  place: Place,
): HandshakeWay {
  return {
    path: pathOf(place.cluster, place.endpoint),
    times: timesOf(place.cluster),
    timeoutMs: HANDSHAKE_MS,
    nextId: ports.nextId,
    send: (outgoing: Outgoing) => ports.send(place, outgoing),
  }
}

export const pathOf = (cluster: Cluster, endpoint: Endpoint): string =>
  endpoint.instance.path ?? cluster.policy.path

export const timesOf = (cluster: Cluster): Times => cluster.policy.timeouts
