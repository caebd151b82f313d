// From here on a call of a legacy session is found by its cancellation, wherever it is then: waiting for a place, between two tries, or
// at its replica.
import type { Arrived, Decoded, McpAnswer, Recorded } from '#router/facts.ts'
import { go, type Stage } from '#router/pipeline/stage.ts'

export interface CallsUnderWay {
  /** Returns what forgets the call. */
  readonly add: (sessionToken: string, idJson: string, cancel: () => void) => () => void
}

interface Enlisted {
  /** Absent for a call without a session, which no cancellation can name. */
  readonly forget?: () => void
}

const NO_SESSION = go({})

export const enlist = (
  port: CallsUnderWay,
): Stage<McpAnswer, Arrived & Decoded & Recorded, Enlisted> => ({
  name: 'enlist',
  decide: ({ session, message, caller, trail }) => {
    if (session === undefined) return NO_SESSION
    const cancel = (): void => {
      trail.isCancelled = true
      caller.dismiss()
    }
    return go({ forget: port.add(session.token, message.idJson, cancel) })
  },
  settle: call => call.forget?.(),
})
