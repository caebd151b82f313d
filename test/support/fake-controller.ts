// The client's side of one exchange, without a client: notes what the handler asks of it, and plays what a replica does.
import type { Dispatcher } from 'undici'
import type { Attempt, UpstreamSink } from '#router/facts.ts'
import { Exchange, type ExchangeOptions } from '#router/upstream/exchange.ts'
import type { SentCall } from '#router/upstream/send.ts'

export interface FakeController extends Dispatcher.DispatchController {
  readonly calls: string[]
}

export function fakeController(): FakeController {
  const calls: string[] = []
  let isPaused = false
  let reason: Error | null = null
  return {
    calls,
    get aborted() {
      return reason !== null
    },
    get paused() {
      return isPaused
    },
    get reason() {
      return reason
    },
    abort: why => {
      reason = why
      calls.push(`abort: ${why.message}`)
    },
    pause: () => {
      isPaused = true
      calls.push('pause')
    },
    resume: () => {
      isPaused = false
      calls.push('resume')
    },
  }
}

export interface PlayedExchange {
  readonly exchange: Exchange
  /** As `send` gives it, but for its account. */
  readonly sent: Omit<SentCall, 'ended'>
  readonly controller: FakeController
  readonly heads: Attempt[]
  readonly overs: boolean[]
  /** The request goes out and the head of an answer comes back. */
  readonly answer: (headers?: Readonly<Record<string, string>>, status?: number) => void
  readonly data: (text: string | Buffer) => void
  readonly end: () => void
  readonly fail: (code: string) => void
}

export function playedExchange(
  nowMs: () => number = () => 0,
  onOver?: () => void,
  options: ExchangeOptions = {},
): PlayedExchange {
  const controller = fakeController()
  const heads: Attempt[] = []
  const overs: boolean[] = []
  const first = Promise.withResolvers<Attempt>()
  const exchange = new Exchange(
    {
      head: attempt => {
        heads.push(attempt)
        first.resolve(attempt)
      },
      over: isWhole => {
        overs.push(isWhole)
        onOver?.()
      },
    },
    nowMs,
    options,
  )
  return {
    exchange,
    sent: {
      attempt: first.promise,
      abort: () => exchange.abort(),
      expire: isCallers => exchange.expire(isCallers),
    },
    controller,
    heads,
    overs,
    answer: (headers = { 'content-type': 'application/json' }, status = 200) => {
      exchange.onRequestStart(controller)
      exchange.onResponseStart(controller, status, headers)
    },
    data: text => exchange.onResponseData(controller, Buffer.from(text)),
    end: () => exchange.onResponseEnd(),
    fail: code => exchange.onResponseError(controller, codedError(code)),
  }
}

export const codedError = (code: string): Error =>
  Object.assign(new Error(`played ${code}`), { code })

/** Notes what reaches a reader; `mayGoOn` is what it answers to each chunk. */
export function notingSink(mayGoOn: () => boolean = () => true): UpstreamSink & {
  readonly seen: string[]
} {
  const seen: string[] = []
  return {
    seen,
    data: chunk => {
      seen.push(chunk.toString())
      return mayGoOn()
    },
    end: () => void seen.push('<end>'),
    broken: () => void seen.push('<broken>'),
  }
}
