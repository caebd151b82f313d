// From bytes to one message of one era. The era is fixed here; after this no stage reads a header or a byte.
import type { Arrived, Decoded, McpAnswer, Recorded, Trail } from '#router/facts.ts'
import { go, type Refusal, type Stage } from '#router/pipeline/stage.ts'

export interface Eras {
  readonly decode: (
    arrived: Arrived,
  ) =>
    | { readonly kind: 'ok'; readonly value: Decoded }
    | ({ readonly kind: 'refuse'; readonly refusal: Refusal } & NonNullable<Trail['misread']>)
}

export const decode = (eras: Eras): Stage<McpAnswer, Arrived & Recorded, Decoded> => ({
  name: 'decode',
  decide: call => {
    const decoded = eras.decode(call)
    if (decoded.kind === 'ok') return go(decoded.value)
    const { kind, refusal, ...misread } = decoded
    call.trail.misread = misread
    return { kind, refusal }
  },
})
