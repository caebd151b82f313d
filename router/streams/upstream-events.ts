// One event stream of a replica, from its head to its end, whatever that is. Told once, and never after whoever reads has ended it.
import { EventReader, type StreamEvent } from '#router/eras/event-reader.ts'
import { foreignEncoding } from '#router/eras/judge.ts'
import type { Attempt, UpstreamBody } from '#router/facts.ts'
import { isEventStream, type Sent } from '#router/upstream/send.ts'

/** `refused`: the replica has answered, and without a stream. `ended`: it ended it as it should. `lost`: anything else. */
export type StreamEnd =
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'lost'; readonly isNobodyThere: boolean }

export interface EventsPorts {
  /** Of one event. */
  readonly mostBytes: number
  readonly onOpen: () => void
  /** False: it should wait until `resume`. */
  readonly onEvent: (event: StreamEvent) => boolean
  readonly onOver: (end: StreamEnd) => void
}

export interface UpstreamEvents {
  /** Nothing is read before. */
  readonly start: () => void
  readonly end: () => void
  readonly resume: () => void
}

const LOST: StreamEnd = { kind: 'lost', isNobodyThere: false }

export function readEvents(sent: Sent, ports: EventsPorts): UpstreamEvents {
  let isOver = false
  let isStarted = false
  let body: UpstreamBody | undefined
  const over = (end: StreamEnd): void => {
    if (isOver) return
    isOver = true
    ports.onOver(end)
  }
  const read = (from: UpstreamBody): void => {
    let mayGoOn = true
    const reader = new EventReader({
      mostBytes: ports.mostBytes,
      onEvent: event => {
        if (!isOver) mayGoOn = ports.onEvent(event) && mayGoOn
      },
    })
    from.pipe({
      data: chunk => {
        if (isOver) return true
        mayGoOn = true
        reader.push(chunk)
        if (!reader.isBroken) return mayGoOn
        over(LOST)
        sent.abort()
        return true
      },
      end: () => over({ kind: 'ended' }),
      broken: () => over(LOST),
    })
  }
  void sent.attempt.then(attempt => {
    const end = endOf(attempt)
    if (isOver) sent.abort()
    else if (end !== undefined) {
      sent.abort()
      over(end)
    } else if (attempt.kind === 'answered') {
      body = attempt.body
      ports.onOpen()
      if (isStarted) read(body)
    }
  })
  return {
    start: () => {
      if (isStarted || isOver) return
      isStarted = true
      if (body !== undefined) read(body)
    },
    end: () => {
      isOver = true
      sent.abort()
    },
    resume: () => body?.resume(),
  }
}

/** Undefined for a stream that may be read. */
function endOf(attempt: Attempt): StreamEnd | undefined {
  if (attempt.kind === 'not_sent')
    return { kind: 'lost', isNobodyThere: attempt.isNobodyThere && attempt.isOurs !== true }
  if (attempt.kind !== 'answered') return LOST
  const isStream = attempt.status === 200 && isEventStream(attempt.contentType)
  if (isStream && foreignEncoding(attempt) === undefined) return undefined
  return { kind: 'refused', status: attempt.status }
}
