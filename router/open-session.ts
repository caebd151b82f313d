// Opens a session at one replica for a caller: nothing runs, so that another may be asked where it fails. What goes wrong is put to the
// replica's account as of a call; that it went well says nothing of its tools, and is put to none.
import type { CallerCapabilities } from './capabilities.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import { isRecord } from './eras/message.ts'
import { through } from './eras/via.ts'
import type { AfterHead, Attempt, Decoded } from './facts.ts'
import { outcomeOf } from './outcome.ts'
import { Account } from './upstream/account.ts'
import {
  type Handshake,
  type HandshakeWay,
  openUpstreamSession,
} from './upstream/legacy-handshake.ts'
import type { ClientInfo, Times } from './upstream/questions.ts'
import type { RpcReply } from './upstream/rpc.ts'
import type { Outgoing, Place, Say } from './upstream/send.ts'

export interface HandshakePorts {
  /** For words of the router's own, which are no call: not counted, not held to the limits. */
  readonly say: Say
  readonly nextId: () => number
  readonly nowMs: () => number
}

/** A handshake in the router's own name must not take as long as a tool may. */
export const HANDSHAKE_MS = 5_000

export async function openSession(
  ports: HandshakePorts,
  place: Place,
  asked: {
    readonly version: string
    readonly client: ClientInfo
    readonly capabilities?: CallerCapabilities
    /** No longer than its caller waits: what takes longer says nothing of the replica then. */
    readonly leftMs?: number
    /** Its caller. */
    readonly by: Pick<Decoded, 'passedHeaders'>
  },
): Promise<Handshake> {
  const { cluster, endpoint } = place
  const timeoutMs = Math.min(HANDSHAKE_MS, asked.leftMs ?? HANDSHAKE_MS)
  const account = new Account(cluster, endpoint, { nowMs: ports.nowMs }, 'handshake')
  const way = handshakeWay(ports, place, timeoutMs)
  let head: Promise<Attempt> | undefined
  const send = (outgoing: Outgoing): ReturnType<Say> => {
    const sent = way.send(through(outgoing, asked.by))
    head ??= sent.attempt
    return sent
  }
  const handshake = await openUpstreamSession({ ...way, send }, asked)
  if (handshake.kind === 'open' || head === undefined) return handshake
  const isCallers = timeoutMs < HANDSHAKE_MS
  const attempt = attemptOf(await head, handshake.reply, isCallers)
  const after = afterHead(handshake.reply, isCallers)
  account.began(attempt)
  account.ended(after)
  // It speaks, and opens no session: perhaps it does not keep any more what it kept.
  if (outcomeOf(attempt, after).fault === 'tool') cluster.outdated(endpoint)
  return handshake
}

/** What ran out of its time was let go on this side, which looks as if its caller had left. */
const attemptOf = (head: Attempt, reply: RpcReply, isCallers: boolean): Attempt =>
  head.kind === 'abandoned' && reply.kind === 'failed'
    ? { kind: 'timeout', detail: reply.detail, ...(isCallers ? { isCallers } : {}) }
    : head

function afterHead(reply: RpcReply, isCallers: boolean): AfterHead {
  if (reply.kind === 'failed')
    return { ended: reply.attempt === 'timeout' && isCallers ? 'left' : 'cut' }
  const error = reply.kind === 'message' ? reply.message['error'] : undefined
  const code = isRecord(error) ? error['code'] : undefined
  return typeof code === 'number' ? { ended: 'whole', rpcCode: code } : { ended: 'unreadable' }
}

/** What is said here in the router's own name is not counted as a call of the replica's. */
export const handshakeWay = (
  { say, nextId }: Pick<HandshakePorts, 'say' | 'nextId'>,
  { cluster, endpoint }: Place,
  timeoutMs = HANDSHAKE_MS,
): HandshakeWay => ({
  path: pathOf(cluster, endpoint),
  times: timesOf(cluster),
  timeoutMs,
  nextId,
  send: (outgoing: Outgoing) => say(endpoint, outgoing),
})

export const pathOf = (cluster: Cluster, endpoint: Endpoint): string =>
  endpoint.instance.path ?? cluster.policy.path

export const timesOf = (cluster: Cluster): Times => cluster.policy.timeouts
