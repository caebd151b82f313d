// One try at one replica: choose, then send; and what stands between one try and the next.
import type { Random } from '#foundation/clock.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { chooseReplica, forgoPlace, type Replica, type ReplicaPorts } from './choose-replica.ts'
import type { Cluster } from './clusters/cluster.ts'
import { codecOf } from './eras/decode.ts'
import { HEADER, LATEST_MODERN } from './eras/versions.ts'
import type { Attempt } from './facts.ts'
import { Hedges } from './hedges.ts'
import { pathOf, timesOf } from './open-session.ts'
import { parkAt, waitingTarget } from './park-at.ts'
import type { ParkedCalls } from './parked-calls.ts'
import { pause } from './pause.ts'
import type { RetryBudgets } from './retry-budget.ts'
import { askingOf, carriedBy, envelopeOf, type SayingPorts, sayCancelled } from './said-beside.ts'
import type { AttemptPath, Dispatched, Forwardable, Target } from './stages/forward.ts'
import { eventId } from './streams/event-ids.ts'
import { isJson, type SentCall } from './upstream/send.ts'

export interface AttemptPorts extends ReplicaPorts, SayingPorts {
  readonly parked: ParkedCalls
  readonly random: Random
  readonly budgets: RetryBudgets<ClusterPolicy>
}

/** Every call that was sent before is the second to whoever stands behind: it must not be sent a third time there. */
const SENT_BEFORE = [HEADER.attempt, '2'] as const

export function attemptPath(ports: AttemptPorts): AttemptPath {
  const hedges = new Hedges(ports.nowMs)
  return {
    choose: (call, way) => {
      if (call.rounds?.parked !== undefined) return waitingTarget(ports, call, call.rounds.parked)
      const choosing = chooseReplica(ports, call, call.cluster.name, way)
      return choosing instanceof Promise
        ? choosing.then(choice => chosen(ports, call, choice))
        : chosen(ports, call, choosing)
    },
    begin: call => ports.budgets.of(call.cluster).begin(),
    hedge: (call, policy) => hedges.begin(call.cluster, call.ownName, policy),
    spare: (call, tried) => {
      const cluster = ports.active.cluster(call.cluster.name)
      if (cluster === undefined) return undefined
      const era = cluster.eraFor(call.era)
      const choice = cluster.choose(era, tried)
      if (choice.kind !== 'endpoint') return undefined
      return targetAt(ports, call, { cluster, endpoint: choice.endpoint, era, isBound: false })
    },
    poolDenial: (call, tried) => {
      const cluster = ports.active.cluster(call.cluster.name)
      const others = cluster?.serving(cluster.eraFor(call.era)) ?? []
      if (cluster === undefined || !others.some(one => !one.isEjected && !tried.has(one.key)))
        return 'no_other'
      return isMostlyOut(cluster) ? 'mostly_out' : undefined
    },
    pause: ({ caller, deadline }, leastMs) =>
      pause(ports.random, leastMs, leave => {
        caller.onGone(leave)
        deadline.onOver(leave)
      }),
  }
}

/** Looked at only where a call is to be sent again, which is seldom. */
function isMostlyOut(cluster: Cluster): boolean {
  let [ready, up] = [0, 0]
  for (const endpoint of cluster.endpoints) {
    if (endpoint.instance.state !== 'ready') continue
    ready += 1
    if (endpoint.isRoutable && !endpoint.isEjected) up += 1
  }
  return 2 * up < ready
}

const chosen = (
  ports: AttemptPorts,
  call: Readonly<Forwardable>,
  choice: Awaited<ReturnType<typeof chooseReplica>>,
): Awaited<ReturnType<AttemptPath['choose']>> =>
  choice.kind === 'refuse'
    ? choice
    : { kind: 'target', target: targetAt(ports, call, choice.replica) }

const targetAt = (ports: AttemptPorts, call: Readonly<Forwardable>, replica: Replica): Target => ({
  endpoint: replica.endpoint.key,
  isBound: replica.isBound,
  typicalMs: () => replica.endpoint.typicalMs(ports.nowMs()),
  send: isRetry => send(ports, call, { replica, isRetry }),
  forgo: () => {
    replica.release?.()
    forgoPlace(replica)
  },
})

function send(
  ports: AttemptPorts,
  call: Readonly<Forwardable>,
  { replica, isRetry }: { readonly replica: Replica; readonly isRetry: boolean },
): Dispatched {
  const { cluster, endpoint, era, legacy } = replica
  const codec = codecOf(era)
  const upstreamIdJson = codec.upstreamIdJson(call.message, ports.nextId)
  const isBridged = era !== call.era
  const request = codec.upward(call, {
    version: legacy?.version ?? (isBridged ? LATEST_MODERN : call.version),
    ownName: call.ownName,
    idJson: upstreamIdJson,
    leftMs: Math.ceil(call.deadline.leftMs()),
    ...(legacy?.sessionId === undefined ? {} : { sessionId: legacy.sessionId }),
    ...(isBridged && era === 'modern' ? { envelope: envelopeOf(ports, call) } : {}),
  })
  let said: Promise<void> | undefined
  let isParked = false // its session must be there when its caller comes back
  const over = (): void => {
    if (replica.release !== undefined && !isParked) void release(replica.release)
  }
  /** The session must still be there when the tool is told what is cancelled in it. */
  const release = async (end: () => void): Promise<void> => {
    await Promise.resolve() // `over` may come before `send` has returned
    if ((await sent.attempt).kind === 'timeout') abandon()
    await said
    end()
  }
  const outgoing = {
    method: 'POST',
    path: pathOf(cluster, endpoint),
    ...request,
    ...(isRetry ? { headers: [...request.headers, ...SENT_BEFORE] } : {}),
    ...timesOf(cluster),
  } as const
  replica.letGo?.() // the send takes the slot in the same turn
  const sent = ports.send(replica, outgoing, over)
  const abandon = (): void => {
    said ??= sayCancelled(ports, replica, upstreamIdJson)
    sent.abort()
  }
  const relearn = (): void => cluster.outdated(endpoint)
  const expire = (): void => sent.expire(call.deadline.isCallers)
  const attempt = call.isReplayable && !replica.isBound ? unbroken(sent) : sent.attempt
  const bridged = isBridged ? { carry: carriedBy(ports, call, replica) } : {}
  const letGo = (): void => {
    isParked = true
  }
  const exchange = { ...sent, abandon, letGo }
  const parking = isBridged ? parkAt(ports, call, { replica, upstreamIdJson, exchange }) : {}
  const asking = askingOf(ports, call, replica)
  return {
    attempt,
    upstreamIdJson,
    abandon,
    expire,
    ended: sent.ended,
    relearn,
    ...bridged,
    ...parking,
    ...asking,
    ...resumingOf(call, replica, { upstreamIdJson, leave: sent.abort }),
  }
}

/** Within a session a replica keeps what its caller has not read, if it numbers its events; elsewhere nobody could come back for it. */
function resumingOf(
  { era, session, message }: Readonly<Forwardable>,
  { isBound, cluster }: Replica,
  { upstreamIdJson, leave }: { readonly upstreamIdJson: string; readonly leave: () => void },
): Pick<Dispatched, 'resuming'> {
  if (era === 'modern' || session === undefined || !isBound) return {}
  const part = session.members.findIndex(member => member.cluster === cluster.policy.name)
  const at = { kind: 'call', part, upstreamIdJson, callerIdJson: message.idJson } as const
  return { resuming: { leave, idOf: last => eventId({ ...at, last }) } }
}

/**
 * Where the call may go elsewhere: an answer that breaks off before anything of it could be handed on is none. No caller waits longer
 * for that, since an answer in JSON is kept back until it is whole anyway; a stream is begun with its first event.
 */
async function unbroken({ attempt, ended }: SentCall): Promise<Attempt> {
  const head = await attempt
  const isKeptBack = head.kind === 'answered' && head.status === 200 && isJson(head.contentType)
  if (!isKeptBack || !(await head.body.breaksEarly())) return head
  ended({ ended: 'cut' })
  return { kind: 'no_answer', detail: 'its answer broke off' }
}
