// One call, sent once to one replica: what is written, and what hangs on the exchange until it is over.
import type { Replica } from './choose-replica.ts'
import { codecOf } from './eras/decode.ts'
import { HEADER, LATEST_MODERN } from './eras/versions.ts'
import type { AfterHead, Attempt } from './facts.ts'
import { pathOf, timesOf } from './open-session.ts'
import { type ParkingPorts, parkAt } from './park-at.ts'
import { askingOf, carriedBy, envelopeOf, sayCancelled } from './said-beside.ts'
import { SessionUse } from './session-use.ts'
import type { Dispatched, Forwardable } from './stages/forward.ts'
import { eventId } from './streams/event-ids.ts'
import { isJson } from './upstream/send.ts'

/** Every call that was sent before is the second to whoever stands behind: it must not be sent a third time there. */
const SENT_BEFORE = [HEADER.attempt, '2'] as const

/** One call, to be sent once. */
export interface Shot {
  readonly replica: Replica
  readonly isRetry: boolean
  /** The id that the replica answers under; one of the router's own choice when absent. */
  readonly idJson?: string
}

export function dispatch(
  ports: ParkingPorts,
  call: Readonly<Forwardable>,
  { replica, isRetry, idJson }: Shot,
): Dispatched {
  const { cluster, endpoint, era, legacy } = replica
  const codec = codecOf(era)
  const upstreamIdJson = idJson ?? codec.upstreamIdJson(call.message, ports.nextId)
  const isBridged = era !== call.era
  const request = codec.upward(call, {
    version: legacy?.version ?? (isBridged ? LATEST_MODERN : call.version),
    ownName: call.ownName,
    idJson: upstreamIdJson,
    leftMs: Math.ceil(call.deadline.leftMs()),
    ...(legacy?.sessionId === undefined ? {} : { sessionId: legacy.sessionId }),
    ...(isBridged && era === 'modern' ? { envelope: envelopeOf(ports, call) } : {}),
  })
  const use = replica.own === undefined ? undefined : new SessionUse(replica.own)
  const outgoing = {
    method: 'POST',
    path: pathOf(cluster, endpoint),
    ...request,
    ...(isRetry ? { headers: [...request.headers, ...SENT_BEFORE] } : {}),
    ...timesOf(cluster),
  } as const
  replica.letGo?.() // the send takes the slot in the same turn
  const sent = ports.send(replica, outgoing, use && (() => void use.over(sent.attempt, abandon)))
  let said: Promise<void> | undefined
  const abandon = (): void => {
    said ??= sayCancelled(ports, replica, upstreamIdJson)
    use?.cancelled(said)
    sent.abort()
  }
  const ended = use === undefined ? sent.ended : use.ended(sent.ended)
  const relearn = (): void => cluster.outdated(endpoint)
  const expire = (): void => sent.expire(call.deadline.isCallers)
  const isUnbroken = call.isReplayable && !replica.isBound
  const attempt = isUnbroken ? unbroken(sent.attempt, ended) : sent.attempt
  const bridged = isBridged ? { carry: carriedBy(ports, call, replica) } : {}
  const letGo = (): void => use?.keep()
  const holdOn = (): void => use?.spend()
  const exchange = { ...sent, ended, abandon, letGo, holdOn }
  const parking = isBridged ? parkAt(ports, call, { replica, upstreamIdJson, exchange }) : {}
  const asking = askingOf(ports, call, replica)
  return {
    attempt,
    upstreamIdJson,
    abandon,
    expire,
    ended,
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
async function unbroken(
  attempt: Promise<Attempt>,
  ended: (after: AfterHead) => void,
): Promise<Attempt> {
  const head = await attempt
  const isKeptBack = head.kind === 'answered' && head.status === 200 && isJson(head.contentType)
  if (!isKeptBack || !(await head.body.breaksEarly())) return head
  ended({ ended: 'cut' })
  return { kind: 'no_answer', detail: 'its answer broke off' }
}
