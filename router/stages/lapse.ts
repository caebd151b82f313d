// Whoever is told that its session is not known opens another one (2025-11-25, Session Management): what is left of the first would keep its
// place, and hold its parts at other clusters, until it fell out.
import type { Decoded, McpAnswer } from '#router/facts.ts'
import { go, type Stage } from '#router/pipeline/stage.ts'
import type { Farewells } from './part.ts'

const NOTHING = go({})

export const lapse = (port: Pick<Farewells, 'lapsed'>): Stage<McpAnswer, Decoded> => ({
  name: 'lapse',
  decide: () => NOTHING,
  settle: ({ session }, outcome) => {
    const isLost = outcome.kind === 'refused' && outcome.refusal.code === 'RINGMAIN_SESSION_UNKNOWN'
    if (isLost && session !== undefined) port.lapsed(session)
  },
})
