// Sends the call to a replica. What was not sent may go to another; what was sent goes again only where it did not run or may run
// twice, within the bounds of policy, and never on the same replica.
import { type RefusalCode, shapeOf } from '#foundation/refusals.ts'
import type {
  AfterHead,
  Arrived,
  Asking,
  Attempt,
  Carry,
  Decoded,
  Limited,
  Located,
  McpAnswer,
  Recorded,
  Relay,
  Resolved,
  RetryDenial,
  RetryReason,
} from '#router/facts.ts'
import { type Outcome, outcomeOf } from '#router/outcome.ts'
import { answer, type Refusal, refuse, type Stage, type Verdict } from '#router/pipeline/stage.ts'
import { nextStep, type Wanted } from '#router/retry-rules.ts'
import type { Era, HedgePolicy } from '#routes/route-table.ts'
import { hedged, type Run } from './hedge.ts'

/** One replica, ready to be sent to once. */
export interface Target {
  readonly endpoint: string
  /** The caller's session lives there and nowhere else. */
  readonly isBound: boolean
  /** How long it usually takes to the first byte. */
  readonly typicalMs: () => number
  /** `isRetry`: it may have been sent before, which whoever stands behind is told. */
  readonly send: (isRetry: boolean) => Dispatched
  /** Instead of `send`: ends what was opened for this call alone. */
  readonly forgo: () => void
}

export interface Dispatched {
  readonly attempt: Promise<Attempt>
  readonly upstreamIdJson: string
  /** The caller has left: ends the exchange, and tells the replica where its era wants that said. */
  readonly abandon: () => void
  /** The call's time is over: ends the exchange, as what it has come to by then. */
  readonly expire: () => void
  /** What came after the head, told once, for the replica's account and its health. */
  readonly ended: (after: AfterHead) => void
  /** Where the replica is of the other era: how what it says is said in the caller's. */
  readonly carry?: Carry
  /** What the replica may ask of the caller on its stream. */
  readonly asking?: Asking
  /** It was refused for what this router believes of the replica's tools: they are to be asked for anew. */
  readonly relearn: () => void
}

export type Chosen =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export type Forwardable = Arrived & Decoded & Located & Resolved & Limited & Recorded

/** The inner list: choose a replica, then send. `tried` holds those it is not to go to; those that opened no session join them. */
export interface AttemptPath {
  readonly choose: (
    call: Readonly<Forwardable>,
    way: { readonly tried: Set<string>; readonly turn: Turn },
  ) => Chosen | Promise<Chosen>
  /** The call sets out; ended once. What calls of its cluster may send again is counted there. */
  readonly begin: (call: Readonly<Forwardable>) => Turn
  /** The bounds of a second try beside the first. */
  readonly hedge: (call: Readonly<Forwardable>, policy: HedgePolicy) => Hedge
  /** Another replica that takes it at once. */
  readonly spare: (call: Readonly<Forwardable>, tried: ReadonlySet<string>) => Target | undefined
  /** Why no other replica should be given it. */
  readonly poolDenial: (
    call: Readonly<Forwardable>,
    tried: ReadonlySet<string>,
  ) => RetryDenial | undefined
  /** Resolves after a moment, not before `leastMs`; at once when the caller leaves or its time is over. */
  readonly pause: (call: Readonly<Forwardable>, leastMs: number | undefined) => Promise<void>
}

/** One call that may be tried at two replicas at once. */
export interface Hedge {
  /** Undefined while nobody knows how long its answers take. */
  readonly delayMs: number | undefined
  /** False when too many have been tried twice already. */
  readonly take: () => boolean
  /** The first byte has come. */
  readonly answered: () => void
}

/** The part of one call. */
export interface Turn {
  readonly retries: number
  /** Undefined when the call may be sent once more; else why not. */
  readonly again: (wanted: Wanted) => RetryDenial | undefined
  /** Undefined when what could not be sent may go to its next replica; else why not. */
  readonly elsewhere: () => RetryDenial | undefined
  readonly end: () => void
}

/**
 * `isOutdated`: the replica contradicts what the router believes of its eras and tools. `isElsewhere`: it did not look at the message, and
 * others of its cluster may take it.
 */
export type Unfit = Refusal & { readonly isOutdated?: true; readonly isElsewhere?: true }

/** The first byte of an answer, judged. */
export type Judge = (
  attempt: Answered,
  call: { readonly era: Era; readonly isBound: boolean },
) => 'relay' | McpAnswer | Unfit | Promise<McpAnswer | Unfit>

type Answered = Extract<Attempt, { kind: 'answered' }>
type ForwardVerdict = Verdict<object, McpAnswer> & { readonly isElsewhere?: true }

/** One call on its way from replica to replica. */
interface Course {
  readonly call: Readonly<Forwardable>
  readonly attempts: AttemptPath
  readonly judge: Judge
  readonly turn: Turn
  /** Replicas that were tried; bounded by their number. */
  readonly tried: Set<string>
  /** What became of an earlier attempt: told where nothing better comes. */
  told: ForwardVerdict | undefined
}

export const forward = (attempts: AttemptPath, judge: Judge): Stage<McpAnswer, Forwardable> => ({
  name: 'forward',
  decide: async call => {
    const turn = attempts.begin(call)
    const tried = new Set<string>()
    const course: Course = { call, attempts, judge, turn, tried, told: undefined }
    try {
      for (;;) {
        const choosing = attempts.choose(call, course)
        const chosen = choosing instanceof Promise ? await choosing : choosing
        if (chosen.kind === 'refuse')
          return course.told ?? (call.deadline.isOver ? TOO_LATE : chosen)
        const { target } = chosen
        if (call.caller.isGone) {
          target.forgo()
          return course.told ?? CALLER_LEFT
        }
        if (isTooLate(call, target)) {
          target.forgo()
          return course.told ?? TOO_LATE
        }
        const first = dispatch(target, course)
        const run = call.hedge === undefined ? first : await hedged(first, call.hedge, course)
        const attempt = await run.dispatched.attempt
        const outcome = outcomeOf(attempt)
        const settling = settled(attempt, run, course)
        const verdict = settling instanceof Promise ? await settling : settling
        const isElsewhere = verdict.isElsewhere === true && !run.target.isBound
        const next = isElsewhere ? 'refused' : nextStep(outcome, run.target, call)
        const step = call.deadline.isOver ? 'tell' : next
        call.trail.verdict = outcome.verdict
        if (step === 'failover' && mayFailOver(course)) continue
        if (step === 'tell' || step === 'failover') return worse(course, verdict)
        course.told = worse(course, verdict)
        if (!(await mayGoAgain(course, step, outcome))) return course.told
      }
    } finally {
      turn.end()
    }
  },
})

const CALLER_LEFT = refuse('RINGMAIN_NO_HEALTHY_REPLICA', {
  detail: 'the caller left before it was sent',
})

const TOO_LATE = refuse('RINGMAIN_DEADLINE_EXCEEDED')
/** Less than this is not enough for any answer to come. */
const LEAST_LEFT_MS = 20

/** A call that will hardly be answered in time is not begun: nobody would know what became of it. */
const isTooLate = ({ deadline }: Readonly<Forwardable>, target: Target): boolean =>
  deadline.leftMs() < Math.max(LEAST_LEFT_MS, target.typicalMs() / 2)

function dispatch(target: Target, { call, turn, tried }: Course): Run {
  call.trail.attempts += 1
  call.trail.endpoint = target.endpoint
  tried.add(target.endpoint) // `choose` never names it again, so this ends
  const dispatched = target.send(turn.retries > 0 || call.isRetry === true)
  call.caller.onGone(dispatched.abandon)
  call.deadline.onOver(dispatched.expire)
  return { target, dispatched }
}

/** Nobody may be told that nothing was done while one of the attempts may have run. */
function worse({ told }: Course, now: ForwardVerdict): ForwardVerdict {
  return told !== undefined && mayHaveRun(told) && now.kind === 'refuse' ? told : now
}

const mayHaveRun = (verdict: ForwardVerdict): boolean =>
  verdict.kind === 'refuse' && shapeOf(verdict.refusal.code).executed === 'unknown'

function mayFailOver({ call: { trail }, turn }: Course): boolean {
  const denial = turn.elsewhere()
  if (denial !== undefined) trail.retryDenied = denial
  return denial === undefined
}

/** Waits until the call may go to another replica; false when it may not. */
async function mayGoAgain(
  course: Course,
  reason: RetryReason,
  { retryAfterMs }: Outcome,
): Promise<boolean> {
  const { call, attempts, turn, tried } = course
  const { trail } = call
  const denial = turn.again({
    isRetry: call.isRetry === true,
    leftMs: call.deadline.leftMs(),
    retryAfterMs,
    pool: () => attempts.poolDenial(call, tried),
  })
  if (denial !== undefined) {
    trail.retryDenied = denial
    return false
  }
  trail.retries = turn.retries
  trail.retryReason = reason
  await attempts.pause(call, retryAfterMs)
  return !call.caller.isGone
}

/** A session ends with its replica, not with a fault that may be on this side. */
const lostOrLater = (
  { isNobodyThere }: { readonly isNobodyThere: boolean },
  { isBound }: Target,
): RefusalCode =>
  isNobodyThere && isBound ? 'RINGMAIN_SESSION_UNKNOWN' : 'RINGMAIN_NO_HEALTHY_REPLICA'

function settled(
  attempt: Attempt,
  { dispatched, target }: Run,
  { call, judge }: Course,
): ForwardVerdict | Promise<ForwardVerdict> {
  switch (attempt.kind) {
    case 'not_sent':
      if (call.deadline.isOver) return TOO_LATE
      return refuse(lostOrLater(attempt, target), { detail: attempt.detail, retryAfterMs: 1_000 })
    case 'abandoned':
      return refuse('RINGMAIN_OUTCOME_UNKNOWN', { detail: 'the caller left' }) // nobody reads it
    case 'timeout':
      dispatched.abandon() // a legacy tool would run on: its connection's end tells it nothing
      return refuse('RINGMAIN_UPSTREAM_TIMEOUT', { detail: attempt.detail })
    case 'no_answer':
      return refuse('RINGMAIN_OUTCOME_UNKNOWN', { detail: attempt.detail })
    case 'answered': {
      call.trail.firstByteMs = attempt.firstByteMs
      const judged = judge(attempt, { era: call.era, isBound: target.isBound })
      if (judged === 'relay')
        return answer({ kind: 'relay', relay: relayOf(attempt, dispatched, call) })
      const speak = (what: McpAnswer | Unfit): ForwardVerdict => spoken(what, dispatched)
      return judged instanceof Promise ? judged.then(speak) : speak(judged)
    }
  }
}

function spoken(judged: McpAnswer | Unfit, dispatched: Dispatched): ForwardVerdict {
  dispatched.ended(afterHead(judged))
  if (!('code' in judged)) return answer(judged)
  const { isOutdated, isElsewhere, ...refusal } = judged
  if (isOutdated === true) dispatched.relearn()
  return { kind: 'refuse', refusal, ...(isElsewhere === true ? { isElsewhere } : {}) }
}

function afterHead(judged: McpAnswer | Unfit): AfterHead {
  if (!('code' in judged)) return judged.kind === 'error' ? { rpcCode: judged.rpcCode } : {}
  return judged.code === 'RINGMAIN_UPSTREAM_BAD_RESPONSE' ? { ended: 'unreadable' } : {}
}

function relayOf(attempt: Answered, dispatched: Dispatched, call: Readonly<Forwardable>): Relay {
  const isStream = /^text\/event-stream\b/i.test(attempt.contentType)
  call.trail.isStream = isStream
  return {
    isStream,
    body: attempt.body,
    upstreamIdJson: dispatched.upstreamIdJson,
    callerIdJson: call.message.idJson,
    ...(call.outward === undefined ? {} : { outward: call.outward }),
    abandon: dispatched.abandon,
    ended: dispatched.ended,
    deadline: call.deadline,
    ...(dispatched.carry === undefined ? {} : { carry: dispatched.carry }),
    ...(call.rounds === undefined ? {} : { rounds: call.rounds }),
    ...(dispatched.asking === undefined ? {} : { asking: dispatched.asking }),
  }
}
