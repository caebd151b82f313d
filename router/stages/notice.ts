// Messages that ask for no answer: taken with 202. A legacy cancellation is carried to the call it names.
import type { Decoded, McpAnswer } from '#router/facts.ts'
import { answer, type Stage } from '#router/pipeline/stage.ts'

export interface Cancellations {
  /** Cancels the caller's request of this id (as JSON) in this session, when it is in flight here and only one such is. */
  readonly cancel: (sessionToken: string, idJson: string) => void
}

export const notice = (port: Cancellations): Stage<McpAnswer, Decoded> => ({
  name: 'notice',
  decide: ({ message, session }) => {
    if (message.method === 'notifications/cancelled' && session !== undefined) {
      const { requestId } = message.params
      if (typeof requestId === 'string' || typeof requestId === 'number') {
        port.cancel(session.token, JSON.stringify(requestId))
      }
    }
    return answer({ kind: 'accepted' })
  },
})
