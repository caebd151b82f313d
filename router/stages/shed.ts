// Under overload what matters least is refused first. Notifications and the ends of sessions are not on this list: they free more
// than they cost.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import { go, type Refusal, type Stage } from '#router/pipeline/stage.ts'
import type { Criticality } from '#routes/criticality.ts'

export interface Shedding {
  /** Counts what it refuses. */
  readonly refusalOf: (criticality: Criticality) => Refusal | undefined
}

export const shed = (shedding: Shedding): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'shed',
  decide: call => {
    // The head of a modern request says what it is: it was weighed before its body was read.
    const refusal = call.era === 'legacy' ? shedding.refusalOf(call.criticality) : undefined
    return refusal === undefined ? go({}) : { kind: 'refuse', refusal }
  },
})
