// The attempts of calls, and whoever waits between two of them for an answer of their callers.
import { Asks } from './asks.ts'
import { type AttemptPorts, attemptPath } from './attempt-path.ts'
import { ParkedCalls } from './parked-calls.ts'
import type { AttemptPath } from './stages/forward.ts'

/** `after`: acts once after so long, unless what it returns is called before. */
export function openAttempts(
  ports: Omit<AttemptPorts, 'asks' | 'parked'>,
  after: (ms: number, act: () => void) => () => void,
): { readonly attempts: AttemptPath; readonly answers: Asks } {
  const answers = new Asks({ ...ports, after })
  const parked = new ParkedCalls({ ...ports, after })
  return { answers, attempts: attemptPath({ ...ports, asks: answers, parked }) }
}
