// Whether the Consul servers have a leader, where their answers do not tell: one by the streaming backend says "no leader" and
// "heard of it 0 ms ago" whatever the truth (seen on 1.14.11 with a leader and without). There the agent is asked for it.
import type { Clock } from '#foundation/clock.ts'
import type { ConsulAnswer } from './consul-http.ts'

/** Between two looks: at most one for each blocking query, and not one for each answer of a busy catalogue. */
const LOOK_MS = 10_000

export interface LeaderSight {
  /** Looks where it is due. True when a leader was lost or found: a plain read tells the rest. */
  readonly look: (signal: AbortSignal) => Promise<boolean>
  /** The answer, with what is known of the leader. */
  readonly correct: (answer: ConsulAnswer) => ConsulAnswer
}

export function createLeaderSight(
  /** Undefined when there is no answer. */
  ask: (signal: AbortSignal) => Promise<boolean | undefined>,
  clock: Clock,
): LeaderSight {
  let isKnown = true
  let isUntold = false
  let lookedMs = clock.nowMs()
  return {
    async look(signal) {
      if (!isUntold || clock.nowMs() - lookedMs < LOOK_MS) return false
      lookedMs = clock.nowMs()
      const found = await ask(signal)
      if (found === undefined || found === isKnown) return false
      isKnown = found
      return true
    },
    correct(answer) {
      isUntold = answer.backend === 'streaming'
      if (isUntold) return { ...answer, knowsLeader: isKnown }
      isKnown = answer.knowsLeader
      return answer
    },
  }
}
