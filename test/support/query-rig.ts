// The loop of a blocking query on its own: the test answers each question that hangs, and moves the clock.
import assert from 'node:assert/strict'
import { runBlockingQuery } from '#router/clusters/discovery/blocking-query.ts'
import type {
  ConsulAnswer,
  ConsulFault,
  ConsulOutcome,
} from '#router/clusters/discovery/consul-http.ts'
import { manualTime, settle } from './manual-time.ts'

/** An answer that nothing is to be said of. */
export const SOUND: ConsulAnswer = {
  index: '7',
  isFilteredByAcl: false,
  isBlind: false,
  knowsLeader: true,
  lastContactMs: 0,
  backend: undefined,
}
export const answered = (index: string | undefined): ConsulOutcome => ({
  answer: { ...SOUND, index },
})
export const failed = (kind: ConsulFault['kind']): ConsulOutcome => ({
  fault: { kind, says: kind },
})

/** Runs the loop; `reply` answers the question that hangs. `random` is the highest there is, so back-offs are at their bound. */
export function queryRig(random = () => 1, isRenewed?: () => Promise<boolean>) {
  const time = manualTime()
  const closed = new AbortController()
  const asked: (bigint | undefined)[] = []
  const faults: string[] = []
  const said: string[] = []
  const taken: unknown[] = []
  let verdict: 'news' | 'quiet' | ConsulFault = 'news'
  let isAnotherNext = false
  let pending: ((outcome: ConsulOutcome) => void) | undefined
  const run = runBlockingQuery(
    {
      ask: (index, signal) => {
        asked.push(index)
        return new Promise(resolve => {
          pending = resolve
          signal.addEventListener('abort', () => resolve(failed('unreachable')), { once: true })
        })
      },
      take(answer) {
        taken.push(answer.index)
        return verdict
      },
      fail(fault) {
        faults.push(fault.kind)
        said.push(fault.says)
        return isAnotherNext
      },
      ...(isRenewed && { isRenewed }),
    },
    { clock: time.clock, wait: time.wait, random },
    closed.signal,
  )
  return {
    time,
    asked,
    faults,
    said,
    taken,
    run,
    closed,
    setVerdict: (next: typeof verdict) => {
      verdict = next
    },
    setAnotherNext: (next: boolean) => {
      isAnotherNext = next
    },
    reply: async (outcome: ConsulOutcome) => {
      await settle()
      assert.ok(pending !== undefined, 'a question hangs')
      const answer = pending
      pending = undefined
      answer(outcome)
      await settle()
    },
  }
}
