// Sends one request to one replica and keeps the replica's account: what it carries, how fast it answers, what went wrong.
// Never decides whether to try again.
import type { Clock } from '#foundation/clock.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { AfterHead, Attempt } from '#router/facts.ts'
import { Account } from './account.ts'
import { Exchange } from './exchange.ts'
import type { Request } from './http1/request.ts'
import type { Connections } from './pools.ts'
import { upstreamHeaders } from './upstream-headers.ts'

export interface Outgoing {
  readonly method: 'POST' | 'DELETE' | 'GET'
  readonly path: string
  /** Flat name, value list. */
  readonly headers: readonly string[]
  readonly body: Buffer | undefined
  readonly firstByteMs: number
  readonly idleMs: number
}

export interface Sent {
  readonly attempt: Promise<Attempt>
  readonly abort: () => void
}

export interface SentCall extends Sent {
  /** Its time is over; `isCallers`: less than policy gives. */
  readonly expire: (isCallers: boolean) => void
  /** Whoever reads the answer says how it ended, since nobody else knows. */
  readonly ended: (after: AfterHead) => void
}

/** `onOver` is called once, when nothing more will come. */
export type Send = (place: Place, outgoing: Outgoing, onOver?: () => void) => SentCall

export interface Place {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
}

export const createSend =
  (pools: Connections, clock: Clock): Send =>
  ({ cluster, endpoint }, asked, onOver) => {
    const request = requestOf(asked)
    const account = new Account(cluster, endpoint, clock)
    let exchange: Exchange | undefined
    const attempt = new Promise<Attempt>(resolve => {
      exchange = new Exchange(
        {
          head: head => {
            if (head.kind === 'answered' && isEventStream(head.contentType)) account.becomeStream()
            account.began(head)
            resolve(head)
          },
          outpaced: account.becomeStream,
          over: () => {
            account.close()
            releaseRemoved(endpoint, pools)
            onOver?.()
          },
        },
        clock.nowMs,
        pools.turns,
      )
      pools.of(endpoint).dispatch(request, exchange)
    })
    return {
      attempt,
      abort: () => exchange?.abort(),
      expire: isCallers => exchange?.expire(isCallers),
      ended: account.ended,
    }
  }

/** For what is no call: checks, handshakes, farewells. Leaves no trace in the replica's account. */
export type Say = (endpoint: Endpoint, outgoing: Outgoing) => Sent

export function sendUncounted(
  pools: Connections,
  endpoint: Endpoint,
  asked: Outgoing,
  clock: Clock,
): Sent {
  const request = requestOf(asked)
  let exchange: Exchange | undefined
  const attempt = new Promise<Attempt>(resolve => {
    const over = (): void => releaseRemoved(endpoint, pools)
    exchange = new Exchange({ head: resolve, over }, clock.nowMs, pools.turns)
    pools.of(endpoint).dispatch(request, exchange)
  })
  return { attempt, abort: () => exchange?.abort() }
}

export const isEventStream = (contentType: string): boolean =>
  /^text\/event-stream(?![\w.+-])/i.test(contentType)

export const isJson = (contentType: string): boolean =>
  /^application\/json(?![\w.+-])/i.test(contentType)

/** Before anything is counted: a header that may not go out throws. */
const requestOf = ({ method, path, headers, body, firstByteMs, idleMs }: Outgoing): Request => ({
  method,
  path,
  fieldLines: upstreamHeaders(headers),
  body,
  firstByteMs,
  idleMs,
})

/** What was still asked of an endpoint after it had left opened a pool anew. */
function releaseRemoved(endpoint: Endpoint, pools: Connections): void {
  if (endpoint.isRemoved && endpoint.inFlight + endpoint.streams === 0) pools.release(endpoint)
}
