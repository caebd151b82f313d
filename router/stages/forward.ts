// Sends the call to a replica. What was not sent may go to another; what was sent goes again only where it did not run or may run
// twice, within the bounds of policy, and never on the same replica.
import { shapeOf } from '#foundation/refusals.ts'
import type {
  AfterHead,
  Again,
  Arrived,
  AskedRound,
  Asking,
  Attempt,
  Carry,
  Decoded,
  Limited,
  Located,
  McpAnswer,
  Message,
  Park,
  Recorded,
  Resolved,
  Resuming,
  RetryDenial,
  RetryReason,
} from '#router/facts.ts'
import { type Outcome, outcomeOf } from '#router/outcome.ts'
import { type Refusal, refuse, type Stage } from '#router/pipeline/stage.ts'
import { nextStep, type Wanted } from '#router/retry-rules.ts'
import type { Era, HedgePolicy } from '#routes/route-table.ts'
import { hedged, type Run } from './hedge.ts'
import { type ForwardVerdict, settled, TOO_LATE } from './settled.ts'

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
  /** The replica may answer with what it wants to know: gets the call with that, to be sent once more, or why there is none. */
  readonly asked?: (
    asked: AskedRound,
    tell: (json: Buffer) => void,
  ) => Promise<{ readonly message: Message } | { readonly refusal: Refusal }>
  /** The replica may ask on its stream, and wait until the caller comes back. */
  readonly park?: Park
  /** What the replica may ask of the caller on its stream. */
  readonly asking?: Asking
  /** Where its caller may come back for the rest of its stream. */
  readonly resuming?: Resuming
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
  call: { readonly era: Era; readonly spoken: Era; readonly isBound: boolean },
) => 'relay' | McpAnswer | Unfit | Promise<McpAnswer | Unfit>

type Answered = Extract<Attempt, { kind: 'answered' }>

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
  /** How often its server has asked for more. */
  readonly rounds: number
  /** How it goes on where its server asks for more. */
  readonly again: (asked: Required<Dispatched>['asked']) => Again
}

export const forward = (attempts: AttemptPath, judge: Judge): Stage<McpAnswer, Forwardable> => ({
  name: 'forward',
  decide: call => run(call, { attempts, judge, rounds: 0 }),
})

async function run(
  call: Readonly<Forwardable>,
  ports: Pick<Course, 'attempts' | 'judge' | 'rounds'>,
): Promise<ForwardVerdict> {
  const { attempts } = ports
  const turn = attempts.begin(call)
  const tried = new Set<string>()
  const again: Course['again'] = asked => againWith(asked, course)
  const course: Course = { ...ports, call, turn, tried, again, told: undefined }
  try {
    for (;;) {
      const choosing = attempts.choose(call, course)
      const chosen = choosing instanceof Promise ? await choosing : choosing
      if (chosen.kind === 'refuse') return course.told ?? (call.deadline.isOver ? TOO_LATE : chosen)
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
}

const CALLER_LEFT = refuse('RINGMAIN_NO_HEALTHY_REPLICA', {
  detail: 'the caller left before it was sent',
})

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

/** A tool that asks on and on is asked no more. */
const MOST_ROUNDS = 8
const TOO_OFTEN = refuse('RINGMAIN_QUESTION_UNANSWERED', {
  says: `It asked in more than ${MOST_ROUNDS} rounds.`,
})

/** What a person has answered is spent by the round that it goes with: that one is sent once. */
const againWith =
  (answers: Required<Dispatched>['asked'], { call, rounds, attempts, judge }: Course): Again =>
  async (asked, tell) => {
    if (rounds === MOST_ROUNDS) return TOO_OFTEN
    const answered = await answers(asked, tell)
    if ('refusal' in answered) return { kind: 'refuse', refusal: answered.refusal }
    const { hedge: _, ...rest } = call
    const later = { ...rest, message: answered.message, isReplayable: false }
    return run(later, { attempts, judge, rounds: rounds + 1 })
  }
