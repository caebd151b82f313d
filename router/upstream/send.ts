// Sends one request to one replica and keeps the replica's account: what it carries, how fast it answers, what went wrong.
// Never decides whether to try again.
import type { Clock } from '#foundation/clock.ts'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { Attempt } from '#router/facts.ts'
import { outcomeOf } from '#router/outcome.ts'
import { Exchange } from './exchange.ts'
import type { Connections } from './pools.ts'
import { Turns } from './turns.ts'
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
}

/** `onOver` is called once, when nothing more will come. */
export type Send = (place: Place, outgoing: Outgoing, onOver?: () => void) => SentCall

export interface Place {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
}

export const createSend = (pools: Connections, clock: Clock): Send => {
  const turns = new Turns()
  return ({ cluster, endpoint }, asked, onOver) => {
    const outgoing = withHeaders(asked)
    const account = openAccount(cluster, endpoint, pools)
    const beganMs = clock.nowMs()
    let exchange: Exchange | undefined
    const attempt = new Promise<Attempt>(resolve => {
      exchange = new Exchange(
        {
          head: head => {
            if (head.kind === 'answered' && isEventStream(head.contentType)) account.becomeStream()
            judge(head, { cluster, endpoint }, { beganMs, nowMs: clock.nowMs() })
            resolve(head)
          },
          outpaced: account.becomeStream,
          over: () => {
            account.close()
            onOver?.()
          },
        },
        clock.nowMs,
        { firstByteMs: outgoing.firstByteMs, turns },
      )
      dispatch(pools, endpoint, outgoing, exchange)
    })
    return {
      attempt,
      abort: () => exchange?.abort(),
      expire: isCallers => exchange?.expire(isCallers),
    }
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
  const outgoing = withHeaders(asked)
  let exchange: Exchange | undefined
  const attempt = new Promise<Attempt>(resolve => {
    const over = (): void => releaseRemoved(endpoint, pools)
    exchange = new Exchange({ head: resolve, over }, clock.nowMs)
    dispatch(pools, endpoint, outgoing, exchange)
  })
  return { attempt, abort: () => exchange?.abort() }
}

export const isEventStream = (contentType: string): boolean =>
  /^text\/event-stream(?![\w.+-])/i.test(contentType)

export const isJson = (contentType: string): boolean =>
  /^application\/json(?![\w.+-])/i.test(contentType)

/** Before anything is counted: a header that may not go out throws. */
const withHeaders = (outgoing: Outgoing): Outgoing => ({
  ...outgoing,
  headers: upstreamHeaders(outgoing.headers),
})

function dispatch(
  pools: Connections,
  endpoint: Endpoint,
  outgoing: Outgoing,
  exchange: Exchange,
): void {
  pools.of(endpoint).dispatch(
    {
      method: outgoing.method,
      path: outgoing.path,
      headers: outgoing.headers as string[],
      body: outgoing.body ?? null,
      headersTimeout: outgoing.firstByteMs,
      bodyTimeout: outgoing.idleMs,
    },
    exchange,
  )
}

function openAccount(
  cluster: Cluster,
  endpoint: Endpoint,
  pools: Connections,
): { becomeStream: () => void; close: () => void } {
  let isStream = false
  endpoint.calls += 1
  endpoint.inFlight += 1
  return {
    // An answer that waits for its reader says as little of load as a stream does, and must not keep others waiting.
    becomeStream: () => {
      if (isStream) return
      isStream = true
      endpoint.inFlight -= 1
      endpoint.streams += 1
      cluster.slots.free()
    },
    close: () => {
      if (isStream) endpoint.streams -= 1
      else endpoint.inFlight -= 1
      cluster.slots.free()
      releaseRemoved(endpoint, pools)
    },
  }
}

/** What was still asked of an endpoint after it had left opened a pool anew. */
function releaseRemoved(endpoint: Endpoint, pools: Connections): void {
  if (endpoint.isRemoved && endpoint.inFlight + endpoint.streams === 0) pools.release(endpoint)
}

/** Time to first byte is a sample; a fault of the replica is a bad one, and one before the first byte a reason to ask after its health. */
function judge(
  head: Attempt,
  { cluster, endpoint }: Place,
  { beganMs, nowMs }: { readonly beganMs: number; readonly nowMs: number },
): void {
  const { fault, isThrottled, retryAfterMs } = outcomeOf(head)
  const tookMs = head.kind === 'answered' ? head.firstByteMs : nowMs - beganMs
  if (fault === 'endpoint' || isThrottled) endpoint.penalise(tookMs, nowMs, retryAfterMs)
  else if (head.kind === 'answered') endpoint.answered(tookMs, nowMs)
  else if (head.kind === 'timeout') endpoint.observe(tookMs, nowMs) // it took so long at least
  if (head.kind === 'answered' || (fault !== 'endpoint' && head.kind !== 'timeout')) return
  if (head.kind === 'not_sent' && head.isNobodyThere) cluster.refused(endpoint, head.detail)
  else cluster.suspect(endpoint)
}
