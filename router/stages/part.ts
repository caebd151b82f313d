// The caller ends its legacy session: what it holds at replicas is ended too, and its id opens nothing any more.
import type { Decoded, McpAnswer, Session } from '#router/facts.ts'
import { answer, refuse, type Stage } from '#router/pipeline/stage.ts'

export interface Farewells {
  readonly end: (session: Session) => Promise<void>
  /** Its caller was told that it is not known: it ends, unless another call of it is under way. */
  readonly lapsed: (session: Session) => void
}

export const part = (port: Pick<Farewells, 'end'>): Stage<McpAnswer, Decoded> => ({
  name: 'part',
  decide: async call => {
    if (call.session === undefined) return refuse('RINGMAIN_SESSION_UNKNOWN')
    await port.end(call.session)
    return answer({ kind: 'ended' })
  },
})
