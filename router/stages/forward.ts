// Sends the call to a replica. What was not sent may go to another; what was sent is never sent again.
import type { RefusalCode } from '#foundation/refusals.ts'
import type {
  AfterHead,
  Arrived,
  Attempt,
  Decoded,
  Located,
  McpAnswer,
  Recorded,
  Relay,
  Resolved,
} from '#router/facts.ts'
import { isLateFault } from '#router/outcome.ts'
import { answer, type Refusal, refuse, type Stage, type Verdict } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'

/** One replica, ready to be sent to once. */
export interface Target {
  readonly endpoint: string
  /** The caller's session lives there and nowhere else. */
  readonly isBound: boolean
  readonly send: () => Dispatched
  /** Instead of `send`: ends what was opened for this call alone. */
  readonly forgo: () => void
}

export interface Dispatched {
  readonly attempt: Promise<Attempt>
  readonly upstreamIdJson: string
  /** The caller has left: ends the exchange, and tells the replica where its era wants that said. */
  readonly abandon: () => void
  /** What came was no answer: a fault of the replica, for its account and its health. */
  readonly blame: () => void
  /** It was refused for what this router believes of the replica's tools: they are to be asked for anew. */
  readonly relearn: () => void
}

export type Chosen =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export type Forwardable = Arrived & Decoded & Located & Resolved & Recorded

/** The inner list: choose a replica, then send. `tried` holds what could not be reached. */
export interface AttemptPath {
  readonly choose: (
    call: Readonly<Forwardable>,
    tried: ReadonlySet<string>,
  ) => Chosen | Promise<Chosen>
}

/** `isOutdated`: the replica contradicts what the router believes of its eras and tools. */
export type Unfit = Refusal & { readonly isOutdated?: true }

/** The first byte of an answer, judged. */
export type Judge = (
  attempt: Answered,
  call: { readonly era: Era; readonly isBound: boolean },
) => 'relay' | McpAnswer | Unfit | Promise<McpAnswer | Unfit>

type Answered = Extract<Attempt, { kind: 'answered' }>
type ForwardVerdict = Verdict<object, McpAnswer>

export const forward = (attempts: AttemptPath, judge: Judge): Stage<McpAnswer, Forwardable> => ({
  name: 'forward',
  decide: async call => {
    const tried = new Set<string>()
    for (;;) {
      const choosing = attempts.choose(call, tried)
      const chosen = choosing instanceof Promise ? await choosing : choosing
      if (chosen.kind === 'refuse') return chosen
      const { target } = chosen
      if (call.caller.isGone) {
        target.forgo()
        return refuse('RINGMAIN_NO_HEALTHY_REPLICA', {
          detail: 'the caller left before it was sent',
        })
      }
      call.trail.attempts += 1
      call.trail.endpoint = target.endpoint
      const dispatched = target.send()
      call.caller.onGone(dispatched.abandon)
      const attempt = await dispatched.attempt
      if (attempt.kind !== 'not_sent') return settled(attempt, { dispatched, target }, call, judge)
      if (target.isBound)
        return refuse(lostOrLater(attempt), { detail: attempt.detail, retryAfterMs: 1_000 })
      tried.add(target.endpoint) // `choose` never names it again, so this ends
    }
  },
})

/** A session ends with its replica, not with a fault that may be on this side. */
const lostOrLater = (attempt: { readonly isNobodyThere: boolean }): RefusalCode =>
  attempt.isNobodyThere ? 'RINGMAIN_SESSION_UNKNOWN' : 'RINGMAIN_NO_HEALTHY_REPLICA'

function settled(
  attempt: Exclude<Attempt, { kind: 'not_sent' }>,
  { dispatched, target }: { readonly dispatched: Dispatched; readonly target: Target },
  call: Readonly<Forwardable>,
  judge: Judge,
): ForwardVerdict | Promise<ForwardVerdict> {
  switch (attempt.kind) {
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
      const speak = (what: McpAnswer | Unfit): ForwardVerdict => spoken(what, attempt, dispatched)
      return judged instanceof Promise ? judged.then(speak) : speak(judged)
    }
  }
}

function spoken(
  judged: McpAnswer | Unfit,
  attempt: Answered,
  dispatched: Dispatched,
): ForwardVerdict {
  // What the head showed has been put to its account with the first byte.
  if (isLateFault(attempt, afterHead(judged))) dispatched.blame()
  if (!('code' in judged)) return answer(judged)
  const { isOutdated, ...refusal } = judged
  if (isOutdated === true) dispatched.relearn()
  return { kind: 'refuse', refusal }
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
    abandon: dispatched.abandon,
    ended: after => {
      if (isLateFault(attempt, after)) dispatched.blame()
    },
  }
}
