// What is said beside a call and its answer: to a replica of its caller, what it may ask of that, and that nobody waits any more.
import type { Sealer } from '#foundation/seal.ts'
import { type Asks, askingFor, NO_SERVER_SESSION, NO_SESSION } from './asks.ts'
import { callerCapabilitiesIn } from './capabilities.ts'
import type { Replica, ReplicaPorts } from './choose-replica.ts'
import { carryTo } from './eras/bridge/downward.ts'
import type { Envelope } from './eras/bridge/upward.ts'
import { hasDeclined } from './eras/bridge/urls.ts'
import { META } from './eras/versions.ts'
import type { Carry } from './facts.ts'
import { pathOf } from './open-session.ts'
import type { Dispatched, Forwardable } from './stages/forward.ts'
import { fewAtOnce, MOST_SAID } from './upstream/few-at-once.ts'
import { tell } from './upstream/legacy-handshake.ts'
import { legacyNotification, legacyWords } from './upstream/questions.ts'
import type { Outgoing, Sent } from './upstream/send.ts'

export interface SayingPorts extends Pick<ReplicaPorts, 'say' | 'client'> {
  readonly sealer: Sealer
  readonly asks: Pick<Asks, 'ask'>
}

/** How long a word of farewell may take to be taken. */
const NOTICE_MS = 2_000

/** What a legacy caller has said of itself when its session began. Without one it can be asked nothing. */
export const envelopeOf = (
  { client }: SayingPorts,
  { session }: Readonly<Forwardable>,
): Envelope => ({
  clientInfo: session?.client?.info ?? client,
  clientCapabilities: session?.client?.capabilities ?? {},
  ...(session?.logLevel === undefined ? {} : { logLevel: session.logLevel }),
})

/** How what the replica says is said in the caller's era. */
export function carriedBy(
  ports: SayingPorts,
  call: Readonly<Forwardable>,
  replica: Replica,
): Carry {
  const { era, message, session, rounds } = call
  const isAnswerable = replica.legacy?.sessionId !== undefined && rounds !== undefined
  const pongs = fewAtOnce(MOST_SAID)
  return carryTo(era, {
    method: message.method,
    isLogged: META.logLevel in message.meta,
    mayOpenUrls: rounds !== undefined && !hasDeclined(message),
    mayAsk: era === 'modern' ? isAnswerable : session !== undefined,
    capabilities: callerCapabilitiesIn(message.meta[META.clientCapabilities]),
    pong: idJson => pongs(() => sayPong(ports, replica, idJson)),
  })
}

async function sayPong(ports: SayingPorts, replica: Replica, idJson: string): Promise<void> {
  const { cluster, endpoint, legacy } = replica
  if (legacy?.sessionId === undefined) return
  const body = Buffer.from(`{"jsonrpc":"2.0","id":${idJson},"result":{}}`)
  const times = { firstByteMs: NOTICE_MS, idleMs: NOTICE_MS }
  const outgoing = legacyWords(pathOf(cluster, endpoint), { body, context: legacy }, times)
  const send = (one: Outgoing): Sent => ports.say(endpoint, one)
  await tell({ send, timeoutMs: NOTICE_MS }, outgoing)
}

/**
 * A modern server takes the closed stream for a cancellation; a legacy one must be told. Not asked for where a stream was only left: whoever
 * has ids of its events may come back for the rest.
 */
export function sayCancelled(
  ports: SayingPorts,
  replica: Replica,
  upstreamIdJson: string,
): Promise<void> | undefined {
  const { cluster, endpoint, legacy } = replica
  // A server without sessions cannot match a notification to a call: there only the end of the exchange stops the tool.
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

/** A legacy caller is asked by requests on its stream. A modern server asks with its answer, and is sent the call again. */
export function askingOf(
  { sealer, asks }: SayingPorts,
  call: Readonly<Forwardable>,
  replica: Replica,
): Pick<Dispatched, 'asking' | 'asked'> {
  const { era, session } = call
  if (era === 'modern') return {}
  if (replica.era === 'modern')
    return session === undefined
      ? {}
      : { asked: (asked, tell) => asks.ask({ ...call, session }, asked, tell) }
  if (session === undefined) return { asking: NO_SESSION }
  return {
    asking: replica.isBound
      ? askingFor(sealer, session, replica.cluster.policy.name)
      : NO_SERVER_SESSION,
  }
}
