// An upstream answer on its way to the caller, at the caller's pace. A small answer that is already here goes out whole;
// anything else streams. An answer that breaks off is ended truthfully: by an error event, by an error, or by cutting the connection.
import type { Caller, Relay, Trail, UpstreamSink } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { WireAnswer } from './codec.ts'
import { IdSwap } from './id-swap.ts'
import { SseRelay } from './sse-relay.ts'
import { answerUnder } from './whole-answer.ts'

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
  const { upstreamIdJson, callerIdJson, contentLength } = relay
  const emit = paced(caller, relay)
  let waiting: Buffer[] = []
  /** Made when the answer turns out not to be here whole; from then on it streams. */
  let swap: IdSwap | undefined
  const begin = (): IdSwap => {
    const begun = new IdSwap(upstreamIdJson, callerIdJson)
    swap = begun
    const hasLength = upstreamIdJson === callerIdJson && contentLength !== undefined
    caller.begin(200, {
      'content-type': 'application/json',
      ...(hasLength ? { 'content-length': contentLength } : {}),
    })
    for (const chunk of waiting) begun.feed(chunk, 0, chunk.length, false, emit.write)
    waiting = []
    return begun
  }
  /** What has begun cannot be taken back: the connection is cut, so that nobody takes a part for the whole. */
  const fail = (refusal: Refusal): void => {
    if (swap !== undefined) caller.cut()
    else {
      const { status, headers, body } = context.refusal(refusal)
      caller.send(status, headers, body)
    }
    finish(refusal.code)
  }
  let isFirstTurn = true
  queueMicrotask(() => {
    isFirstTurn = false
    if (waiting.length > 0 && !caller.isGone) begin()
  })
  return {
    data: chunk => {
      if (isFirstTurn) waiting.push(chunk)
      else (swap ?? begin()).feed(chunk, 0, chunk.length, false, emit.write)
      return emit.mayGoOn()
    },
    end: () => {
      if (swap === undefined) {
        const body = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting)
        waiting = []
        const answer = answerUnder(body, upstreamIdJson, callerIdJson)
        if (answer === undefined) return fail(NOT_AN_ANSWER)
        caller.send(200, { 'content-type': 'application/json' }, answer)
        return finish()
      }
      swap.endMessage(emit.write)
      if (!swap.isAnswered) return fail(NOT_AN_ANSWER)
      caller.end()
      return finish()
    },
    broken: () => {
      waiting = []
      fail(LOST)
    },
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
