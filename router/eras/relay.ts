// An upstream answer on its way to the caller, at the caller's pace. A message goes out once it is known to be right, or piece by piece
// where it is large. One that is broken ends truthfully: by an error, by an error event, or by cutting the connection.
import type { Clock } from '#foundation/clock.ts'
import type {
  AfterHead,
  AskedRound,
  Caller,
  McpAnswer,
  Relay,
  Trail,
  UpstreamSink,
} from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { anotherRound, beginStream, tell } from './another-round.ts'
import { JSON_HEADERS, type WireAnswer } from './codec.ts'
import { CommentPace } from './comment-pace.ts'
import { guardedSink } from './guarded-sink.ts'
import { outputTo } from './output-to.ts'
import { messageSwap } from './outward-names.ts'
import { type Paced, paced } from './paced.ts'
import { parkable } from './parking.ts'
import { SseRelay } from './sse-relay.ts'

/** Acts once after so many milliseconds, unless what it returns is called before: a timer for each answer would cost more than the answer. */
export type After = (ms: number, act: () => void) => () => void

export interface RelayContext {
  readonly nowMs: Clock['nowMs']
  readonly after: After
  readonly trail: Trail
  readonly refusal: (refusal: Refusal) => WireAnswer
  readonly error: (answer: Extract<McpAnswer, { kind: 'error' }>) => WireAnswer
  /** A fault of our own was met: told, and what its caller hears. */
  readonly defect: (error: unknown) => Refusal
}

/** For the end of a stream after its answer, which is the end of the call. Who leaves it open longer loses the connection. */
const LINGER_MS = 1_000

const LOST: Refusal = { code: 'RINGMAIN_OUTCOME_UNKNOWN' }
const LATE: Refusal = { code: 'RINGMAIN_UPSTREAM_TIMEOUT' }
const NOT_AN_ANSWER: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: 'The body is no answer to this call.',
}
const ENDED_EARLY: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: 'The stream ended without an answer.',
}
const NOT_A_MESSAGE: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: 'The stream held an event that is no message for this call.',
}

const endedBy = (refusal: Refusal): AfterHead => ({
  ended: refusal === LOST || refusal === LATE ? 'cut' : 'unreadable',
})

/** One answer under way. */
interface Turn {
  readonly caller: Caller
  readonly relay: Relay
  readonly context: RelayContext
  readonly isOver: () => boolean
  readonly finish: (broken?: Trail['broken']) => void
  /** The server wants to know more of its caller: the call goes on with another answer. */
  readonly ask: (asked: AskedRound) => void
}

/** Resolves when the caller has its answer, or nothing more can come. */
export const relayAnswer = (caller: Caller, relay: Relay, context: RelayContext): Promise<void> =>
  relay.again === undefined
    ? (relayOnce(caller, relay, context) as Promise<undefined>) // it asks for nothing
    : inRounds(caller, relay, context)

/** One answer after the other, until one of them asks for nothing more. */
async function inRounds(caller: Caller, relay: Relay, context: RelayContext): Promise<void> {
  let next: Relay | undefined = relay
  while (next !== undefined) {
    const { again }: Relay = next
    const asked: AskedRound | undefined = await relayOnce(caller, next, context)
    next = asked && again && (await anotherRound(caller, { again, asked }, context))
  }
}

function relayOnce(
  caller: Caller,
  relay: Relay,
  context: RelayContext,
): Promise<AskedRound | undefined> {
  return new Promise(resolve => {
    let isOver = false
    const finish: Turn['finish'] = broken => {
      if (isOver) return
      isOver = true
      if (broken !== undefined) context.trail.broken = broken
      resolve(undefined)
    }
    const ask: Turn['ask'] = asked => {
      isOver = true
      relay.ended({ ended: 'whole' })
      resolve(asked)
    }
    let sink: AnswerSink | undefined
    caller.onGone(() => {
      if (isOver) return
      // To leave is not to cancel where the rest can be fetched (2025-11-25, transports, Sending Messages).
      const mayComeBack = sink?.mayBeLeft() === true && context.trail.isCancelled !== true
      if (mayComeBack) relay.resuming?.leave()
      else relay.abandon()
      relay.ended({ ended: 'left' })
      finish('caller_gone')
    })
    if (isOver) return
    const turn = { caller, relay, context, isOver: () => isOver, finish, ask }
    sink = relay.isStream ? streamSink(turn) : jsonSink(turn)
    relay.deadline.onOver(() => {
      if (isOver) return
      sink?.fail(LATE)
      relay.abandon()
    })
    const failed = (error: unknown): void => {
      const refusal = context.defect(error)
      if (isOver) return
      sink?.fail(refusal)
      relay.abandon()
    }
    if (!isOver) relay.body.pipe(guardedSink(sink, failed))
  })
}

/** Where an answer goes, and what is said to its caller when nothing more will. */
interface AnswerSink extends UpstreamSink {
  readonly fail: (refusal: Refusal) => void
  /** Whoever reads may come back for the rest. */
  readonly mayBeLeft: () => boolean
}

function streamSink({ caller, relay, context, isOver, finish, ask }: Turn): AnswerSink {
  beginStream(caller)
  const emit = paced(caller, relay)
  const out = outputTo(relay, emit.write)
  const pace = new CommentPace(context.nowMs)
  const swap = messageSwap(relay)
  let mustNotAsk: Refusal | undefined
  const onQuestion = (): boolean => {
    mustNotAsk = whyNotAsk(relay)
    return mustNotAsk === undefined
  }
  const onProgress = (): void => relay.deadline.extend()
  const { idOf } = relay.resuming ?? {}
  const ports = { out, pace, onProgress, onQuestion, ...(idOf === undefined ? {} : { idOf }) }
  const events = new SseRelay(swap, ports)
  let leave: (() => void) | undefined
  const answered = (): void => {
    emit.flush()
    if (out.asked !== undefined) ask(out.asked)
    else {
      caller.end()
      relay.ended({ ended: 'whole', rpcCode: events.errorCode })
      finish()
    }
    leave = context.after(LINGER_MS, () => relay.body.abort())
  }
  const fail = (refusal: Refusal): void => {
    emit.flush()
    if (out.isOpen) caller.cut()
    else tell(caller, context.refusal(refusal))
    relay.ended(isOwnTime(refusal, relay, emit) ? { ended: 'left' } : endedBy(refusal))
    finish(refusal.code)
  }
  /** Its server has ended it before the answer, for which its caller comes back (2025-11-25, transports). */
  const left = (): void => {
    emit.flush()
    caller.end()
    relay.ended({ ended: 'left' })
    finish()
  }
  const told = (json: Buffer): void => {
    emit.flush()
    tell(caller, { status: 200, headers: JSON_HEADERS, body: json })
    finish()
  }
  const sink: AnswerSink = {
    fail,
    mayBeLeft: () => events.isResumable,
    data: chunk => {
      if (isOver()) return true
      events.push(chunk)
      const isGood = !events.isBroken && out.refusal === undefined
      if (isGood && !events.isAnswered) return emit.mayGoOn(pace.pauseMs())
      if (isGood) answered()
      else {
        fail(out.refusal ?? mustNotAsk ?? NOT_A_MESSAGE)
        relay.abandon() // nobody waits for the rest
      }
      return true
    },
    end: () => {
      leave?.()
      if (isOver()) return
      if (events.isResumable && !out.isOpen) left()
      else fail(ENDED_EARLY)
    },
    broken: () => {
      leave?.()
      if (!isOver()) fail(LOST)
    },
  }
  const { park } = relay
  return park === undefined
    ? sink
    : parkable(sink, { park, relay, after: context.after, out, events, isOver, told, fail })
}

/** Why its server must not ask its caller on its stream; a call that may ask has all the time that there is. */
function whyNotAsk({ carry, asking, deadline }: Relay): Refusal | undefined {
  if (carry !== undefined) return undefined
  if (asking?.kind !== 'named') return asking?.refusal ?? NOT_A_MESSAGE
  deadline.hold()
  return undefined
}

/** Time that the caller has cut short, or taken itself to read, is none that the replica took. */
const isOwnTime = (refusal: Refusal, { deadline }: Relay, emit: Paced): boolean =>
  refusal === LATE && (deadline.isCallers || emit.isFull())

function jsonSink({ caller, relay, context, isOver, finish, ask }: Turn): AnswerSink {
  const emit = paced(caller, relay)
  const swap = messageSwap(relay)
  let isLent = false
  // Without its length, even where that is known: whoever has read so many bytes would take them for a whole answer.
  const out = outputTo(relay, piece => {
    if (caller.status === 0) caller.begin(200, JSON_HEADERS)
    emit.write(piece, isLent)
  })
  const add = (piece: Buffer): void => out.add(piece, isLent)
  /** What has begun cannot be taken back: the connection is cut, so that nobody takes a part for the whole. */
  const fail = (refusal: Refusal): void => {
    if (out.isOpen) caller.cut()
    else tell(caller, context.refusal(refusal))
    relay.ended(isOwnTime(refusal, relay, emit) ? { ended: 'left' } : endedBy(refusal))
    finish(refusal.code)
  }
  const data = (chunk: Buffer): boolean => {
    if (isOver()) return true
    swap.feed(chunk, 0, chunk.length, add)
    if (!swap.isBroken && out.refusal === undefined) return emit.mayGoOn()
    fail(out.refusal ?? NOT_AN_ANSWER)
    relay.abandon() // nobody waits for the rest
    return true
  }
  return {
    fail,
    mayBeLeft: () => false,
    data,
    lent: bytes => {
      isLent = true
      const mayGoOn = data(bytes)
      isLent = false
      return mayGoOn
    },
    end: () => {
      if (isOver()) return
      if (swap.end() !== 'answer') return fail(NOT_AN_ANSWER)
      if (out.isOpen) caller.end()
      else {
        const whole = out.take()
        if (out.refusal !== undefined) return fail(out.refusal)
        if (out.asked !== undefined) return ask(out.asked)
        tell(caller, { status: 200, headers: JSON_HEADERS, body: whole })
      }
      relay.ended({ ended: 'whole', rpcCode: swap.errorCode })
      finish()
    },
    broken: () => {
      if (!isOver()) fail(LOST)
    },
  }
}
