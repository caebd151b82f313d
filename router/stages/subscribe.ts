// A legacy caller asks to be told of one resource. Where its session is held at a replica that is the replica's to answer; where it
// reaches the resource's owner in another way, the router remembers it and tells it on the caller's stream.
import type { Decoded, Located, McpAnswer, Resolved } from '#router/facts.ts'
import { answer, go, type Refusal, type Stage } from '#router/pipeline/stage.ts'

export interface Subscriptions {
  /** `forward`: its replica answers. Undefined when it is done. */
  readonly subscribe: (
    call: Readonly<Decoded & Located & Resolved>,
  ) => Promise<'forward' | Refusal | undefined>
}

export const subscribe = (port: Subscriptions): Stage<McpAnswer, Decoded & Located & Resolved> => ({
  name: 'subscribe',
  decide: async call => {
    const outcome = await port.subscribe(call)
    if (outcome === 'forward') return go({})
    return outcome === undefined
      ? answer({ kind: 'result', resultJson: '{}' })
      : { kind: 'refuse', refusal: outcome }
  },
})
