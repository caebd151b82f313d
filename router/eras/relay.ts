// An upstream answer on its way to the caller, at the caller's pace. A small answer that is already here goes out whole;
// anything else streams. An answer that breaks off is ended truthfully: by an error event, by an error, or by cutting the connection.
import type { Caller, Relay, Trail, UpstreamSink } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { WireAnswer } from './codec.ts'
import { IdSwap } from './id-swap.ts'
import { SseRelay } from './sse-relay.ts'

export interface RelayContext {
  readonly trail: Trail
  readonly refusal: (refusal: Refusal) => WireAnswer
}

const STREAM_HEADERS = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})

const LOST: Refusal = { code: 'RINGMAIN_OUTCOME_UNKNOWN' }
const NOT_AN_ANSWER: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: 'The body is no answer to this call.',
}
const ENDED_EARLY: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: 'The stream ended without an answer.',
}

export function relayAnswer(caller: Caller, relay: Relay, context: RelayContext): Promise<void> {
  return new Promise(resolve => {
    let isOver = false
    const finish = (broken?: Trail['broken']): void => {
      if (isOver) return
      isOver = true
      if (broken !== undefined) context.trail.broken = broken
      resolve()
    }
    caller.onGone(() => {
      if (isOver) return
      relay.abandon()
      finish('caller_gone')
    })
    if (isOver) return
    const sink = relay.isStream
      ? streamSink(caller, relay, context, finish)
      : jsonSink(caller, relay, context, finish)
    relay.body.pipe(sink)
  })
}

type Finish = (broken?: Trail['broken']) => void

function streamSink(
  caller: Caller,
  relay: Relay,
  context: RelayContext,
  finish: Finish,
): UpstreamSink {
  const events = new SseRelay(relay.upstreamIdJson, relay.callerIdJson)
  caller.begin(200, STREAM_HEADERS)
  const emit = paced(caller, relay)
  const stop = (refusal: Refusal): void => {
    if (events.isAtBoundary) {
      const { body } = context.refusal(refusal)
      caller.write(`event: message\ndata: ${body.toString()}\n\n`)
      caller.end()
    } else caller.cut()
    finish(refusal.code)
  }
  return {
    data: chunk => {
      events.push(chunk, emit.write)
      return emit.mayGoOn()
    },
    end: () => {
      if (!events.isAnswered) return stop(ENDED_EARLY)
      caller.end()
      return finish()
    },
    broken: () => {
      if (!events.isAnswered) return stop(LOST)
      caller.end() // the answer had gone out whole; only the stream's own end was missing
      return finish()
    },
  }
}

function jsonSink(
  caller: Caller,
  relay: Relay,
  context: RelayContext,
  finish: Finish,
): UpstreamSink {
  const isSame = relay.upstreamIdJson === relay.callerIdJson
  const swap = new IdSwap(relay.upstreamIdJson, relay.callerIdJson)
  const emit = paced(caller, relay)
  let waiting: Buffer[] | undefined = []
  const begin = (): void => {
    if (waiting === undefined) return
    const early = waiting
    waiting = undefined
    const length =
      isSame && relay.contentLength !== undefined ? { 'content-length': relay.contentLength } : {}
    caller.begin(200, { 'content-type': 'application/json', ...length })
    for (const piece of early) emit.write(piece)
  }
  const take = (piece: Buffer): void => {
    if (waiting === undefined) emit.write(piece)
    else waiting.push(piece)
  }
  /** What has begun cannot be taken back: the connection is cut, so that nobody takes a part for the whole. */
  const fail = (refusal: Refusal): void => {
    if (waiting === undefined) caller.cut()
    else {
      waiting = undefined
      const { status, headers, body } = context.refusal(refusal)
      caller.send(status, headers, body)
    }
    finish(refusal.code)
  }
  let isFirstTurn = true
  queueMicrotask(() => {
    isFirstTurn = false
    if (waiting !== undefined && waiting.length > 0 && !caller.isGone) begin()
  })
  return {
    data: chunk => {
      swap.feed(chunk, 0, chunk.length, false, take)
      if (!isFirstTurn) begin()
      return emit.mayGoOn()
    },
    end: () => {
      swap.endMessage(take)
      if (!swap.isAnswered) return fail(NOT_AN_ANSWER)
      if (waiting !== undefined) {
        const body = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting)
        waiting = undefined
        caller.send(200, { 'content-type': 'application/json' }, body)
      } else caller.end()
      return finish()
    },
    broken: () => fail(LOST),
  }
}

/** Writes that stop the upstream when the caller's buffer is full, and let it go on when it has drained. */
function paced(
  caller: Caller,
  relay: Relay,
): { write: (piece: Buffer) => void; mayGoOn: () => boolean } {
  let isFull = false
  return {
    write: piece => {
      if (caller.write(piece) || isFull) return
      isFull = true
      caller.onWritable(() => {
        isFull = false
        relay.body.resume()
      })
    },
    mayGoOn: () => !isFull,
  }
}
