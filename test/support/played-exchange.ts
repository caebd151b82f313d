// The connection's side of one exchange, without a connection: notes what the exchange asks of it, and plays what a replica does.
import type { Attempt, UpstreamSink } from '#router/facts.ts'
import type { Fields } from '#router/http1/fields.ts'
import { Exchange } from '#router/upstream/exchange.ts'
import type { Control } from '#router/upstream/http1/connection.ts'
import { type FaultCode, UpstreamFault } from '#router/upstream/http1/faults.ts'
import type { SentCall } from '#router/upstream/send.ts'
import type { Turns } from '#router/upstream/turns.ts'

export interface FakeControl extends Control {
  readonly calls: string[]
}

export function fakeControl(): FakeControl {
  const calls: string[] = []
  return {
    calls,
    abort: () => void calls.push('abort'),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    rest: isResting => void calls.push(isResting ? 'rest' : 'wake'),
  }
}

export interface PlayedExchange {
  readonly exchange: Exchange
  /** As `send` gives it, but for its account. */
  readonly sent: Omit<SentCall, 'ended'>
  readonly control: FakeControl
  readonly heads: Attempt[]
  readonly overs: boolean[]
  /** The request goes out; false when nobody wants it any more. */
  readonly start: () => boolean
  /** The request goes out and the head of an answer comes back. */
  readonly answer: (
    headers?: Readonly<Record<string, string | readonly string[]>>,
    status?: number,
  ) => void
  readonly data: (text: string | Buffer) => void
  readonly end: () => void
  /** What the connection says of itself, or of the system's. */
  readonly fail: (code: FaultCode | SystemCode) => void
}

type SystemCode = `E${string}`

export function playedExchange(
  nowMs: () => number = () => 0,
  onOver?: () => void,
  turns?: Turns,
): PlayedExchange {
  const control = fakeControl()
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
    turns,
  )
  return {
    exchange,
    sent: {
      attempt: first.promise,
      abort: () => exchange.abort(),
      expire: isCallers => exchange.expire(isCallers),
    },
    control,
    heads,
    overs,
    start: () => exchange.onStart(control),
    answer: (headers = { 'content-type': 'application/json' }, status = 200) => {
      exchange.onStart(control)
      exchange.onHead({ status, fields: fieldsOf(headers) })
    },
    data: text => {
      const lent = Buffer.from(text)
      exchange.onData(lent)
      lent.fill(0x21) // as by the next read
    },
    end: () => exchange.onEnd(),
    fail: code => exchange.onFailed(faultOf(code)),
  }
}

const fieldsOf = (headers: Readonly<Record<string, string | readonly string[]>>): Fields =>
  Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap(value => [name, value]),
  )

const faultOf = (code: FaultCode | SystemCode): Error =>
  isOfSystem(code)
    ? Object.assign(new Error(`played ${code}`), { code })
    : new UpstreamFault(code, `played ${code}`)

const isOfSystem = (code: FaultCode | SystemCode): code is SystemCode => code.startsWith('E')

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
