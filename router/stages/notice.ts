// Messages that ask for no answer: taken with 202. A legacy cancellation is carried to the call it names, and a caller's answer to the tool
// server that asked.
import type { Decoded, McpAnswer } from '#router/facts.ts'
import { answer, type Refusal, refuse, type Stage, type Verdict } from '#router/pipeline/stage.ts'

export interface Cancellations {
  /** Cancels the caller's request of this id (as JSON) in this session, when it is in flight here and only one such is. */
  readonly cancel: (sessionToken: string, idJson: string) => void
}

export interface Answers {
  /** Takes a response to whoever asked; why it did not reach that one, where it did not. */
  readonly answer: (call: Readonly<Decoded>) => Promise<Refusal | undefined>
  /** Says a notification to every replica that holds a part of the session, and waits for none. */
  readonly tellAll: (call: Readonly<Decoded>) => void
}

const ACCEPTED = answer({ kind: 'accepted' } as const)

export const notice = (
  cancellations: Cancellations,
  answers: Answers,
): Stage<McpAnswer, Decoded> => ({
  name: 'notice',
  decide: call => {
    const { message, session } = call
    if (message.kind === 'response') return answered(call, answers)
    if (session === undefined) return ACCEPTED
    if (message.method === 'notifications/cancelled') {
      const { requestId } = message.params
      if (typeof requestId === 'string' || typeof requestId === 'number')
        cancellations.cancel(session.token, JSON.stringify(requestId))
    } else if (message.method === 'notifications/roots/list_changed') answers.tellAll(call)
    return ACCEPTED
  },
})

async function answered(
  call: Readonly<Decoded>,
  answers: Answers,
): Promise<Verdict<object, McpAnswer>> {
  if (call.session === undefined) return refuse('RINGMAIN_QUESTION_UNKNOWN')
  const refusal = await answers.answer(call)
  return refusal === undefined ? ACCEPTED : { kind: 'refuse', refusal }
}
