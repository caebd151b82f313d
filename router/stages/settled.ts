// What an attempt has come to, as a verdict on its call.
import type { RefusalCode } from '#foundation/refusals.ts'
import type {
  AfterHead,
  Again,
  Attempt,
  McpAnswer,
  Outward,
  OutwardOf,
  Relay,
} from '#router/facts.ts'
import { refuse, type Verdict } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import type { Dispatched, Forwardable, Judge, Target, Unfit } from './forward.ts'
import type { Run } from './hedge.ts'

export type ForwardVerdict = Exclude<Verdict<object, McpAnswer>, { kind: 'continue' }> & {
  readonly isElsewhere?: true
}

/** The call, and how it goes on where its server asks for more. */
interface Course {
  readonly call: Readonly<Forwardable>
  readonly judge: Judge
  readonly again: (asked: Required<Dispatched>['asked']) => Again
}

export const TOO_LATE = refuse('RINGMAIN_DEADLINE_EXCEEDED')

const answered = (answer: McpAnswer): ForwardVerdict => ({ kind: 'answer', answer })

type Answered = Extract<Attempt, { kind: 'answered' }>

/** A session ends with its replica, not with a fault that may be on this side. */
const lostOrLater = (
  { isNobodyThere }: { readonly isNobodyThere: boolean },
  { isBound }: Target,
): RefusalCode =>
  isNobodyThere && isBound ? 'RINGMAIN_SESSION_UNKNOWN' : 'RINGMAIN_NO_HEALTHY_REPLICA'

export function settled(
  attempt: Attempt,
  { dispatched, target }: Run,
  course: Course,
): ForwardVerdict | Promise<ForwardVerdict> {
  const { call, judge } = course
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
      const asked = { era: call.era, spoken: spokenIn(dispatched, call.era) }
      const judged = judge(attempt, { ...asked, isBound: target.isBound })
      if (judged === 'relay')
        return answered({ kind: 'relay', relay: relayOf(attempt, { dispatched, target }, course) })
      const speak = (what: McpAnswer | Unfit): ForwardVerdict => spoken(what, dispatched)
      return judged instanceof Promise ? judged.then(speak) : speak(judged)
    }
  }
}

/** The replica's era. */
const spokenIn = ({ carry }: Dispatched, callers: Era): Era =>
  (callers === 'modern') === (carry === undefined) ? 'modern' : 'legacy'

function spoken(judged: McpAnswer | Unfit, dispatched: Dispatched): ForwardVerdict {
  dispatched.ended(afterHead(judged))
  if (!('code' in judged)) return answered(judged)
  const { isOutdated, isElsewhere, ...refusal } = judged
  if (isOutdated === true) dispatched.relearn()
  return { kind: 'refuse', refusal, ...(isElsewhere === true ? { isElsewhere } : {}) }
}

function afterHead(judged: McpAnswer | Unfit): AfterHead {
  if (!('code' in judged)) return judged.kind === 'error' ? { rpcCode: judged.rpcCode } : {}
  return judged.code === 'RINGMAIN_UPSTREAM_BAD_RESPONSE' ? { ended: 'unreadable' } : {}
}

function relayOf(attempt: Answered, { dispatched, target }: Run, { call, again }: Course): Relay {
  const isStream = /^text\/event-stream\b/i.test(attempt.contentType)
  call.trail.isStream = isStream
  return {
    isStream,
    body: attempt.body,
    upstreamIdJson: dispatched.upstreamIdJson,
    callerIdJson: call.message.idJson,
    ...(call.outward === undefined ? {} : { outward: outwardAt(call.outward, target.endpoint) }),
    abandon: dispatched.abandon,
    ended: dispatched.ended,
    deadline: call.deadline,
    ...(dispatched.carry === undefined ? {} : { carry: dispatched.carry }),
    ...(call.rounds === undefined ? {} : { rounds: call.rounds }),
    ...(call.reshape === undefined ? {} : { reshape: call.reshape }),
    ...(dispatched.park === undefined ? {} : { park: dispatched.park }),
    ...(dispatched.asked === undefined ? {} : { again: again(dispatched.asked) }),
    ...(dispatched.asking === undefined ? {} : { asking: dispatched.asking }),
    ...(dispatched.resuming === undefined ? {} : { resuming: dispatched.resuming }),
  }
}

const outwardAt = ({ uri, taskId }: OutwardOf, endpoint: string): Outward => ({
  ...(uri && { uri }),
  ...(taskId && { taskId: own => taskId(own, endpoint) }),
})
