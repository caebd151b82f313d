// One try at one replica: choose, then send. What `forward` runs until a call has been sent once.

import {
  chooseReplica,
  forgoPlace,
  pathOf,
  type Replica,
  type ReplicaPorts,
  timesOf,
} from './choose-replica.ts'
import { codecOf } from './eras/decode.ts'
import type { AttemptPath, Dispatched, Forwardable } from './stages/forward.ts'
import type { InFlight } from './upstream/in-flight.ts'
import { tell } from './upstream/legacy-handshake.ts'
import { legacyNotification } from './upstream/questions.ts'
import type { Outgoing, Sent } from './upstream/send.ts'

export interface AttemptPorts extends ReplicaPorts {
  readonly inFlight: InFlight
}

/** How long a word of farewell may take to be taken. */
const NOTICE_MS = 2_000

export const attemptPath = (ports: AttemptPorts): AttemptPath => ({
  choose: (call, tried) => {
    const choosing = chooseReplica(ports, call, call.cluster.name, tried)
    return choosing instanceof Promise
      ? choosing.then(choice => chosen(ports, call, choice))
      : chosen(ports, call, choosing)
  },
})

const chosen = (
  ports: AttemptPorts,
  call: Readonly<Forwardable>,
  choice: Awaited<ReturnType<typeof chooseReplica>>,
): Awaited<ReturnType<AttemptPath['choose']>> =>
  choice.kind === 'refuse'
    ? choice
    : {
        kind: 'target',
        target: {
          endpoint: choice.replica.endpoint.key,
          isBound: choice.replica.isBound,
          send: () => send(ports, call, choice.replica),
          forgo: () => {
            choice.replica.release?.()
            forgoPlace(choice.replica)
          },
        },
      }

function send(ports: AttemptPorts, call: Readonly<Forwardable>, replica: Replica): Dispatched {
  const { cluster, endpoint, legacy } = replica
  const codec = codecOf(call.era)
  const upstreamIdJson = codec.upstreamIdJson(call.message, ports.nextId)
  const request = codec.upward(call, {
    version: legacy?.version ?? call.version,
    toolName: call.toolName,
    idJson: upstreamIdJson,
    ...(legacy?.sessionId === undefined ? {} : { sessionId: legacy.sessionId }),
  })
  // A server without sessions cannot match a notification to a call: there only the end of the exchange stops the tool.
  const cancel = (): void => call.caller.dismiss()
  const forget = call.session && ports.inFlight.add(call.session.token, call.message.idJson, cancel)
  let said: Promise<void> | undefined
  const over = (): void => {
    forget?.()
    if (replica.release !== undefined) void release(replica.release)
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
    ...timesOf(cluster),
  } as const
  replica.letGo?.() // the send takes the slot in the same turn
  const sent = ports.send(replica, outgoing, over)
  const abandon = (): void => {
    said ??= sayCancelled(ports, replica, upstreamIdJson)
    sent.abort()
  }
  const blame = (): void => {
    endpoint.penalise(0, ports.nowMs())
    cluster.suspect(endpoint)
  }
  const relearn = (): void => cluster.outdated(endpoint)
  return { attempt: sent.attempt, upstreamIdJson, abandon, blame, relearn }
}

/**
 * A modern server takes the closed stream for a cancellation; a legacy one must be told. The answer could not reach the caller
 * any more: no event ids are given out, so there is nothing to resume by.
 */
function sayCancelled(
  ports: AttemptPorts,
  replica: Replica,
  upstreamIdJson: string,
): Promise<void> | undefined {
  const { cluster, endpoint, legacy } = replica
  if (legacy?.sessionId === undefined) return undefined
  const params = {
    requestId: JSON.parse(upstreamIdJson) as unknown,
    reason: 'the caller has left or cancelled',
  }
  const notification = legacyNotification(
    pathOf(cluster, endpoint),
    { method: 'notifications/cancelled', params, context: legacy },
    { firstByteMs: NOTICE_MS, idleMs: NOTICE_MS },
  )
  const send = (outgoing: Outgoing): Sent => ports.say(endpoint, outgoing)
  return tell({ send, timeoutMs: NOTICE_MS }, notification)
}
