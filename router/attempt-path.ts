// One try at one replica: choose, then send. What `forward` runs until a call has been sent once.

import {
  chooseReplica,
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
            choice.replica.cluster.slots.free() // the slot it may have waited for is for the next
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
  const over = (): void => {
    forget?.()
    replica.release?.()
  }
  const outgoing = {
    method: 'POST',
    path: pathOf(cluster, endpoint),
    ...request,
    ...timesOf(cluster),
  } as const
  const sent = ports.send(replica, outgoing, over)
  const abandon = (): void => {
    sent.abort()
    sayCancelled(ports, replica, upstreamIdJson)
  }
  return { attempt: sent.attempt, upstreamIdJson, abandon }
}

/**
 * A modern server takes the closed stream for a cancellation; a legacy one must be told. The answer could not reach the caller
 * any more: no event ids are given out, so there is nothing to resume by.
 */
function sayCancelled(ports: AttemptPorts, replica: Replica, upstreamIdJson: string): void {
  const { cluster, endpoint, legacy } = replica
  if (legacy === undefined) return
  const params = {
    requestId: JSON.parse(upstreamIdJson) as unknown,
    reason: 'the caller has left or cancelled',
  }
  const notification = legacyNotification(
    pathOf(cluster, endpoint),
    { method: 'notifications/cancelled', params, context: legacy },
    { firstByteMs: NOTICE_MS, idleMs: NOTICE_MS },
  )
  void tell({ send: outgoing => ports.send(replica, outgoing), timeoutMs: NOTICE_MS }, notification)
}
