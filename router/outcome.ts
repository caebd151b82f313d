// What an attempt came to, and whose fault it was: one pure function of what the attempt produced. Whoever counts faults, blames a
// replica, or asks whether a call may go elsewhere reads this and nothing else.
import type { AfterHead, Attempt, Reached } from './facts.ts'

/** `tool`: it answered, and said no; the replica that carried the answer works. */
export type Fault = 'none' | 'caller' | 'tool' | 'endpoint' | 'us'

export interface Outcome {
  readonly verdict: Reached
  readonly fault: Fault
  /** The replica itself says that it did not run the call. */
  readonly isRefusal: boolean
  /** It has enough to do: counts against its success rate, and never as one of several faults in a row. */
  readonly isThrottled: boolean
  /** When it wants to be asked again, where it says so. */
  readonly retryAfterMs: number | undefined
}

/** A replica, or what stands before it, says with this header that a 429 or 503 came before the tool was touched; a router, that its 200 is a refusal. */
export const NOT_EXECUTED = 'x-ringmain-not-executed'

/** What a server says when the making of its answer failed, whatever the status. */
const INTERNAL_ERROR = -32_603
/** Headers against body, and the version: what the router itself writes was wrong. */
const OUR_MISTAKES: readonly number[] = [-32_020, -32_022]

// Made once: most calls come to one of these.
const plain = (verdict: Reached, fault: Fault): Outcome =>
  Object.freeze({ verdict, fault, isRefusal: false, isThrottled: false, retryAfterMs: undefined })

const NEVER_LEFT = plain('not_sent', 'us')
const NOT_TAKEN = plain('not_sent', 'endpoint')
const CUT_BY_US = plain('unanswered', 'us')
const LEFT_UNANSWERED = plain('unanswered', 'caller')
const UNANSWERED = plain('unanswered', 'endpoint')
const LEFT = plain('answered', 'caller')
const FAILED = plain('answered', 'endpoint')
const MISTAKEN = plain('answered', 'us')
const DECLINED = plain('answered', 'tool')
const DONE = plain('answered', 'none')
/** A router says so of its own caller's call, and works. */
const WENT_ROUND: Outcome = Object.freeze({ ...DECLINED, isRefusal: true })
/** A router that has nobody to give it to now. */
const REFUSED: Outcome = Object.freeze({ ...DECLINED, isRefusal: true, isThrottled: true })

const NOTHING: AfterHead = Object.freeze({})

export function outcomeOf(attempt: Attempt, after: AfterHead = NOTHING): Outcome {
  switch (attempt.kind) {
    case 'not_sent':
      return attempt.isOurs === true ? NEVER_LEFT : NOT_TAKEN
    case 'no_answer':
      return attempt.isOurs === true ? CUT_BY_US : UNANSWERED
    case 'timeout':
      return attempt.isCallers === true ? LEFT_UNANSWERED : UNANSWERED
    case 'abandoned':
      return LEFT_UNANSWERED
    case 'answered':
      if (attempt.status === 200 && attempt.header(NOT_EXECUTED) === '1') return REFUSED
      return attempt.status < 400 ? ofContent(after) : ofStatus(attempt, after)
  }
}

/** The replica takes no more calls: it says so, and gives up the connection on which it says it. */
export const isLeaving = (attempt: Attempt): boolean =>
  attempt.kind === 'answered' &&
  attempt.status === 503 &&
  /(?:^|,)\s*close\s*(?:,|$)/i.test(attempt.header('connection') ?? '')

/** Whether what came after the head is a fault of the replica's that the head did not show yet. */
export const isLateFault = (attempt: Attempt, after: AfterHead): boolean =>
  outcomeOf(attempt).fault !== 'endpoint' && outcomeOf(attempt, after).fault === 'endpoint'

/** A fault that the head shows stands, whatever comes after it. */
function ofStatus(attempt: Extract<Attempt, { kind: 'answered' }>, after: AfterHead): Outcome {
  const { status, header } = attempt
  const isBusy = status === 429 || status === 503
  if (isBusy) {
    const isRefusal = header(NOT_EXECUTED) === '1'
    const isThrottled = isRefusal || status === 429
    const retryAfterMs = retryAfterMsOf(header('retry-after'))
    return isThrottled
      ? { verdict: 'answered', fault: 'tool', isRefusal, isThrottled, retryAfterMs }
      : { ...UNANSWERED, retryAfterMs }
  }
  if (status === 508 && header(NOT_EXECUTED) === '1') return WENT_ROUND
  if (status === 502 || status === 504) return UNANSWERED // somebody in between speaks, who heard nothing
  if (status >= 500) return FAILED
  if (after.rpcCode !== undefined) return ofCode(after.rpcCode)
  return after.ended === 'left' ? LEFT : DECLINED
}

function ofContent({ ended, rpcCode }: AfterHead): Outcome {
  if (ended === 'left') return LEFT
  if (ended === 'cut' || ended === 'unreadable') return UNANSWERED
  if (rpcCode !== undefined) return ofCode(rpcCode)
  return DONE
}

function ofCode(code: number): Outcome {
  if (code === INTERNAL_ERROR) return FAILED
  return OUR_MISTAKES.includes(code) ? MISTAKEN : DECLINED
}

/** Seconds form only: a replica's clock is not ours. */
export const retryAfterMsOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^[0-9]{1,6}$/.test(header) ? Number(header) * 1_000 : undefined
