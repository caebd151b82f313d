// A second try beside a slow first one, for a call that changes nothing: the first answer wins, and the other is given up.
import { outcomeOf } from '#router/outcome.ts'
import type { HedgePolicy } from '#routes/route-table.ts'
import type { AttemptPath, Dispatched, Forwardable, Target } from './forward.ts'

/** One try under way. */
export interface Run {
  readonly target: Target
  readonly dispatched: Dispatched
}

/** The call, the way to another replica, and those that it has been to. */
interface Course {
  readonly call: Readonly<Forwardable>
  readonly attempts: AttemptPath
  readonly tried: Set<string>
}

/** The run to go on with, after a second one was begun beside it perhaps: once a call, and by one router of those it passes. */
export async function hedged(first: Run, policy: HedgePolicy, course: Course): Promise<Run> {
  const { call, attempts } = course
  const { caller, deadline, trail } = call
  if (call.isRetry === true || trail.hedged !== undefined) return first
  const hedge = attempts.hedge(call, policy)
  let isAlone = true
  const run = await firstToAnswer(first, hedge.delayMs, () => {
    const second = hedge.take() ? secondRun(first, course) : undefined
    isAlone = second === undefined
    return second
  })
  if ((await run.dispatched.attempt).kind === 'answered') hedge.answered()
  if (isAlone) return run
  trail.hedged = run === first ? 'first' : 'second'
  trail.endpoint = run.target.endpoint
  caller.onGone(run.dispatched.abandon)
  deadline.onOver(run.dispatched.expire)
  return run
}

function secondRun(first: Run, { call, attempts, tried }: Course): Run | undefined {
  const { caller, deadline, trail } = call
  if (caller.isGone || deadline.isOver || attempts.poolDenial(call, tried) !== undefined)
    return undefined
  const target = attempts.spare(call, tried)
  if (target === undefined) return undefined
  tried.add(target.endpoint)
  trail.attempts += 1
  const second = { target, dispatched: target.send(true) }
  caller.onGone(() => endBoth(first, second, 'abandon'))
  deadline.onOver(() => endBoth(first, second, 'expire'))
  return second
}

function endBoth(one: Run, other: Run, how: 'abandon' | 'expire'): void {
  one.dispatched[how]()
  other.dispatched[how]()
}

/**
 * The run to go on with, whose attempt is there: the one that answered first, or the last of both where none did. `second` is asked
 * for once, when the first has been silent for so long; undefined where there is none to be had.
 */
export async function firstToAnswer(
  first: Run,
  delayMs: number | undefined,
  second: () => Run | undefined,
): Promise<Run> {
  if (delayMs === undefined) return settled(first)
  if (await settlesWithin(first, delayMs)) return first
  const other = second()
  if (other === undefined) return settled(first)
  const won = await Promise.race([settled(first), settled(other)])
  const left = won === first ? other : first
  const kept = (await isAnswer(won)) ? won : await better(won, await settled(left))
  giveUp(kept === won ? left : won)
  return kept
}

/** `last` came after one that was no answer: only if that one may have run and this one cannot have, that one is what must be told. */
async function better(won: Run, last: Run): Promise<Run> {
  return (await mayHaveRun(won)) && !(await mayHaveRun(last)) ? won : last
}

async function mayHaveRun({ dispatched }: Run): Promise<boolean> {
  const { verdict, isRefusal } = outcomeOf(await dispatched.attempt)
  return verdict !== 'not_sent' && !isRefusal
}

const settled = async (run: Run): Promise<Run> => {
  await run.dispatched.attempt
  return run
}

async function isAnswer({ dispatched }: Run): Promise<boolean> {
  const { verdict, fault, isThrottled } = outcomeOf(await dispatched.attempt)
  return verdict === 'answered' && fault !== 'endpoint' && !isThrottled
}

/** That nobody waited for it says nothing of its replica. */
function giveUp({ dispatched }: Run): void {
  dispatched.abandon()
  dispatched.ended({ ended: 'left' })
}

async function settlesWithin(run: Run, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), ms)
  const isThere = await Promise.race([run.dispatched.attempt.then(() => true), late.promise])
  clearTimeout(timer)
  return isThere
}
