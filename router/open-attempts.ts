// The attempts of calls, whoever waits between two of them for an answer of their callers, and the sessions that wait for the next call.
import { Asks } from './asks.ts'
import { type AttemptPorts, attemptPath } from './attempt-path.ts'
import { ParkedCalls } from './parked-calls.ts'
import { SessionPool } from './session-pool.ts'
import type { AttemptPath } from './stages/forward.ts'

/** `after`: acts once after so long, unless what it returns is called before. */
export function openAttempts(
  ports: Omit<AttemptPorts, 'asks' | 'parked' | 'pool'>,
  after: (ms: number, act: () => void) => () => void,
): { readonly attempts: AttemptPath; readonly answers: Asks; readonly pool: SessionPool } {
  const answers = new Asks({ ...ports, after })
  const parked = new ParkedCalls({ ...ports, after })
  const pool = new SessionPool({ ...ports, after })
  return { answers, pool, attempts: attemptPath({ ...ports, asks: answers, parked, pool }) }
}
