// From a cluster to the one replica that takes this exchange: the one the caller's session lives on, or the cheapest that may.
// A legacy server that keeps sessions gets one of its own where the caller has none.

import type { Criticality } from '#routes/criticality.ts'
import type { Era } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import { callerCapabilitiesIn } from './capabilities.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import { LATEST_LEGACY, META } from './eras/versions.ts'
import type { Caller, Deadline, Decoded, SessionMember } from './facts.ts'
import { type HandshakePorts, handshakeWay, openSession } from './open-session.ts'
import type { Refusal } from './pipeline/stage.ts'
import type { RetryTurn } from './retry-budget.ts'
import { endUpstreamSession } from './upstream/legacy-handshake.ts'
import type { ClientInfo, LegacyContext } from './upstream/questions.ts'
import type { Send } from './upstream/send.ts'

export interface Replica {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly isBound: boolean
  /** What is spoken with it, which may be another era than the caller's. */
  readonly era: Era
  /** Revision and session for a legacy exchange. */
  readonly legacy?: LegacyContext
  /** Ends a session that was opened for this exchange alone. */
  readonly release?: () => void
  /** Gives back a slot that was kept after a wait; called in the same turn as the send that takes it, or instead of it. */
  readonly letGo?: () => void
}

export type ReplicaChoice =
  | { readonly kind: 'replica'; readonly replica: Replica }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export interface ReplicaPorts extends HandshakePorts {
  readonly active: ActiveTable
  readonly send: Send
  readonly client: ClientInfo
}

/** One call on its way from replica to replica. */
export interface Way {
  /** Keys of those it is not to go to; one that opens no session joins them. Bounded by the replicas. */
  readonly tried: Set<string>
  readonly turn: Pick<RetryTurn, 'elsewhere'>
}

type Asking = Pick<Decoded, 'era' | 'version' | 'session' | 'passedHeaders'> &
  Partial<Pick<Decoded, 'message'>> &
  Waiting

/** Who asks may go away, and has only so much time. */
interface Waiting {
  readonly criticality: Criticality
  readonly caller: Pick<Caller, 'onGone'>
  readonly deadline?: Pick<Deadline, 'onOver'>
  /** Instead of a deadline, for what is no call. */
  readonly untilMs?: number
}

const RETRY_AFTER_MS = 1_000

export function chooseReplica(
  ports: ReplicaPorts,
  call: Asking,
  clusterName: string,
  way: Way,
): ReplicaChoice | Promise<ReplicaChoice> {
  const cluster = ports.active.cluster(clusterName)
  if (cluster === undefined) {
    return { kind: 'refuse', refusal: notInTable(clusterName) }
  }
  const member = call.session?.members.find(candidate => candidate.cluster === clusterName)
  if (member !== undefined) return boundReplica(call, cluster, member)
  const choosing = choosePlace(call, cluster, way.tried)
  if (choosing instanceof Promise)
    return choosing.then(place => equippedOr(ports, call, place, way))
  return equippedOr(ports, call, choosing, way)
}

/** The replica that the caller's session lives on, and no other. */
function boundReplica(
  call: Asking,
  cluster: Cluster,
  member: SessionMember,
): ReplicaChoice | Promise<ReplicaChoice> {
  // Just started: the session is good, only its replica has not been heard of yet.
  if (cluster.snapshot === undefined) {
    const says = `Cluster "${cluster.policy.name}" has not heard from discovery yet.`
    return { kind: 'refuse', refusal: unavailable(says) }
  }
  const endpoint = cluster.endpoint(member.endpoint)
  if (endpoint === undefined || isLost(endpoint)) {
    const detail = `${member.endpoint} is gone`
    return { kind: 'refuse', refusal: { code: 'RINGMAIN_SESSION_UNKNOWN', detail } }
  }
  const legacy: LegacyContext = { version: member.version, sessionId: member.id }
  const bound = { isBound: true, era: 'legacy', legacy } as const
  if (!cluster.isFull(endpoint)) return found({ cluster, endpoint, ...bound })
  const waiting = waitFor(call, { cluster, era: 'legacy' }, () =>
    cluster.isFull(endpoint) ? undefined : endpoint,
  )
  return waiting.then(choice =>
    choice.kind === 'refuse' ? choice : found({ ...choice.place, ...bound }),
  )
}

export interface Place {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly era: Era
  readonly letGo?: () => void
}

export type PlaceChoice =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** The cheapest replica that may take it, after a wait for a free slot if need be. */
export function choosePlace(
  call: Pick<Asking, 'era'> & Waiting,
  cluster: Cluster,
  tried: ReadonlySet<string>,
): PlaceChoice | Promise<PlaceChoice> {
  const era = cluster.eraFor(call.era)
  const choice = cluster.choose(era, tried)
  if (choice.kind === 'endpoint')
    return { kind: 'place', place: { cluster, endpoint: choice.endpoint, era } }
  if (choice.kind === 'none')
    return { kind: 'refuse', refusal: unavailable(`Cluster ${choice.detail}.`) }
  return waitFor(call, { cluster, era }, () => {
    const again = cluster.choose(era, tried)
    return again.kind === 'endpoint' ? again.endpoint : undefined
  })
}

function equippedOr(
  ports: ReplicaPorts,
  call: Asking,
  choice: PlaceChoice,
  way: Way,
): ReplicaChoice | Promise<ReplicaChoice> {
  return choice.kind === 'refuse' ? choice : equipped(ports, call, choice.place, way)
}

/** A session outlives a drain and an ejection, but not the replica, nor that somebody gives it no calls at all. */
const isLost = ({ isRemoved, health, instance, isEjected, breaker }: Endpoint): boolean =>
  isRemoved ||
  health === 'down' ||
  instance.state === 'down' ||
  (isEjected && breaker?.isForced === true)

const found = (replica: Replica): ReplicaChoice => ({ kind: 'replica', replica })

export const unavailable = (says: string): Refusal => ({
  code: 'RINGMAIN_NO_HEALTHY_REPLICA',
  says,
  retryAfterMs: RETRY_AFTER_MS,
})

export const notInTable = (cluster: string): Refusal =>
  unavailable(`Cluster "${cluster}" is not in the table.`)

export const unopened = (cluster: string): Refusal =>
  unavailable(`No replica of "${cluster}" that was asked opened a session.`)

/** A place whose slot is counted already, until `letGo`. */
const kept = (place: Omit<Place, 'letGo'>): Required<Place> => ({
  ...place,
  letGo: () => {
    place.endpoint.inFlight -= 1
  },
})

/** A handshake takes a slot as a call does, and the slot must still be there after it; to be given to `forgoPlace` or a replica. */
export function keepPlace({ letGo, ...place }: Place): Required<Place> {
  if (letGo === undefined) place.endpoint.inFlight += 1
  return kept(place)
}

/** The slot will not be used: it is for the next who waits. */
export function forgoPlace({ cluster, endpoint, letGo }: Place): void {
  letGo?.()
  cluster.ejections.forgo(endpoint)
  cluster.slots.free()
}

/** Waits its turn for a free slot, no longer than the cluster allows and the caller stays. The slot is kept until `letGo`. */
async function waitFor(
  call: Waiting,
  { cluster, era }: Pick<Place, 'cluster' | 'era'>,
  tryNow: () => Endpoint | undefined,
): Promise<PlaceChoice> {
  const { connections, name } = cluster.policy
  const take = (): Endpoint | undefined => {
    const free = tryNow()
    if (free !== undefined) free.inFlight += 1
    return free
  }
  const endpoint = await cluster.slots.wait(connections, take, {
    criticality: call.criticality,
    ...(call.untilMs === undefined ? {} : { untilMs: call.untilMs }),
    onWaiting: leave => {
      call.caller.onGone(leave)
      call.deadline?.onOver(leave)
    },
  })
  if (endpoint !== undefined) return { kind: 'place', place: kept({ cluster, endpoint, era }) }
  if (cluster.isClosed)
    return {
      kind: 'refuse',
      refusal: unavailable(`Cluster "${name}" was replaced by a newer table.`),
    }
  const says = `Cluster "${name}" had no free slot within ${connections.waitMs} ms, or its queue of ${connections.queue} is full for a call that is ${call.criticality}.`
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
  way: Way,
): ReplicaChoice | Promise<ReplicaChoice> {
  if (place.era === 'modern') return found({ ...place, isBound: false })
  const { learned } = place.endpoint
  const version = olderOf(learned?.legacyVersion, legacyVersionOf(call))
  if (learned?.isSessionful !== true)
    return found({ ...place, isBound: false, legacy: { version } })
  return withOwnSession(ports, call, place, way)
}

/** A modern caller knows no revision of the other era: for it the router speaks its own latest. */
const legacyVersionOf = ({ era, version }: Pick<Asking, 'era' | 'version'>): string =>
  era === 'modern' ? LATEST_LEGACY : version

/** A caller that says an older revision means it; a replica cannot speak a newer one than its own. Both are dates. */
const olderOf = (learned: string | undefined, asked: string): string =>
  learned === undefined || asked < learned ? asked : learned

async function withOwnSession(
  ports: ReplicaPorts,
  call: Asking,
  place: Place,
  way: Way,
): Promise<ReplicaChoice> {
  const held = keepPlace(place)
  const { cluster, endpoint } = held
  const opening = openSession(ports, place, {
    version: legacyVersionOf(call),
    client: ports.client,
    by: call,
    // A legacy caller has said it to no session, and cannot be asked.
    capabilities: callerCapabilitiesIn(call.message?.meta[META.clientCapabilities]),
  })
  const end = (session: LegacyContext): void =>
    void endUpstreamSession(handshakeWay(ports, place), session)
  const handshake = await unlessLeft(call, opening)
  if (handshake === 'left') {
    forgoPlace(held)
    void opening.then(late => {
      if (late.kind === 'open') end(late.session) // nobody else knows of it
    })
    return { kind: 'refuse', refusal: unavailable('Nobody waits for it any more.') }
  }
  if (handshake.kind === 'failed') {
    forgoPlace(held)
    way.tried.add(endpoint.key)
    if (way.turn.elsewhere() === undefined)
      return chooseReplica(ports, call, cluster.policy.name, way)
    return { kind: 'refuse', refusal: unopened(cluster.policy.name) }
  }
  const { session } = handshake
  const release = (): void => end(session)
  return found({ ...held, isBound: false, legacy: session, release })
}

/** `left`, as soon as the caller has gone or its time is over. */
const unlessLeft = <Result>(
  { caller, deadline }: Waiting,
  work: Promise<Result>,
): Promise<Result | 'left'> =>
  new Promise((resolve, reject) => {
    caller.onGone(() => resolve('left'))
    deadline?.onOver(() => resolve('left'))
    work.then(resolve, reject)
  })
