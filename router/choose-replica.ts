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
import { kept, type Place } from './kept-place.ts'
import type { HandshakePorts } from './open-session.ts'
import { endOwnSession, type OwnSession, openOwnSession, type SessionTerms } from './own-session.ts'
import type { Refusal } from './pipeline/stage.ts'
import type { RetryTurn } from './retry-budget.ts'
import type { SessionPool } from './session-pool.ts'
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
  /** The session, where this exchange has it to itself. */
  readonly own?: Lent
  /** Gives back a slot that was kept after a wait; called in the same turn as the send that takes it, or instead of it. */
  readonly letGo?: () => void
}

/** One of both is called, once, when the exchange is over. */
export interface Lent {
  readonly end: () => void
  /** It has had its answer, and nothing of it is left open; absent where nobody else may use the session. */
  readonly giveBack?: () => void
  /** Where it was used before: the same replica with a new one, when that has been forgotten there; undefined where none is opened. */
  readonly renew?: (caller: Pick<Caller, 'onGone'>) => Promise<Replica | undefined>
}

export type ReplicaChoice =
  | { readonly kind: 'replica'; readonly replica: Replica }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export interface ReplicaPorts extends HandshakePorts {
  readonly active: ActiveTable
  readonly send: Send
  readonly client: ClientInfo
  /** Absent where every session is a new one. */
  readonly pool?: SessionPool
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
  return replicaAt(call, { cluster, endpoint, isBound: true, era: 'legacy', legacy })
}

/** This one and no other, after a wait for a free slot if need be. */
export function replicaAt(call: Waiting, replica: Replica): ReplicaChoice | Promise<ReplicaChoice> {
  const { cluster, endpoint } = replica
  if (!cluster.isFull(endpoint)) return found(replica)
  const waiting = waitFor(call, replica, () => (cluster.isFull(endpoint) ? undefined : endpoint))
  return waiting.then(choice =>
    choice.kind === 'refuse' ? choice : found({ ...replica, ...choice.place }),
  )
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
export const isLost = ({ isRemoved, health, instance, isEjected, breaker }: Endpoint): boolean =>
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

function withOwnSession(
  ports: ReplicaPorts,
  call: Asking,
  place: Place,
  way: Way,
): ReplicaChoice | Promise<ReplicaChoice> {
  const terms: SessionTerms = {
    version: legacyVersionOf(call),
    client: ports.client,
    // A legacy caller has said it to no session, and cannot be asked.
    capabilities: callerCapabilitiesIn(call.message?.meta[META.clientCapabilities]),
  }
  const session = ports.pool?.borrow(place, terms)
  if (session === undefined) return withNewSession(ports, call, { place, terms }, way)
  const renew: Lent['renew'] = async caller => {
    ports.pool?.forgotten(place)
    const { letGo: _, ...anew } = place // it was let go of when the call was sent
    const opening = await openOwnSession(ports, anew, terms, { caller, by: call })
    if (opening.kind !== 'open') return undefined
    ports.pool?.opened(place, 'renewed')
    return inSession(ports, { place: opening.held, terms }, opening.session)
  }
  const replica = inSession(ports, { place, terms }, session)
  return found({ ...replica, own: { ...replica.own, renew } })
}

interface ForSession {
  readonly place: Place
  readonly terms: SessionTerms
}

async function withNewSession(
  ports: ReplicaPorts,
  call: Asking,
  { place, terms }: ForSession,
  way: Way,
): Promise<ReplicaChoice> {
  const { caller, deadline } = call
  const opening = await openOwnSession(ports, place, terms, {
    by: call,
    caller,
    ...(deadline === undefined ? {} : { deadline }),
  })
  if (opening.kind !== 'open') {
    if (opening.kind === 'left')
      return { kind: 'refuse', refusal: unavailable('Nobody waits for it any more.') }
    const { name } = place.cluster.policy
    way.tried.add(place.endpoint.key)
    if (way.turn.elsewhere() === undefined) return chooseReplica(ports, call, name, way)
    return { kind: 'refuse', refusal: unopened(name) }
  }
  ports.pool?.opened(place, 'opened')
  return found(inSession(ports, { place: opening.held, terms }, opening.session))
}

function inSession(
  { pool, ...ports }: ReplicaPorts,
  { place, terms }: ForSession,
  session: OwnSession,
): Replica & Required<Pick<Replica, 'own'>> {
  const end = (): void => endOwnSession(ports, place, session.context)
  const giveBack = (): void => pool?.giveBack(place, terms, session)
  const own = pool?.mayShare(place) === true ? { end, giveBack } : { end }
  return { ...place, isBound: false, legacy: session.context, own }
}
