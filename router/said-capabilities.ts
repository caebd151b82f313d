// What a replica says that it can do, as far as callers of an era have it of it.
import type { Era } from '#routes/route-table.ts'
import { type Capabilities, mute } from './capabilities.ts'
import type { Learned } from './clusters/endpoint.ts'

const LISTS_TOOLS: Capabilities = {
  has: ['tools'],
  tells: [],
  hasSubscriptions: false,
  extensions: {},
}

/** A replica that lists tools has some, whatever it says. One that keeps no sessions tells of changes in the modern era only. */
export function saidBy(learned: Learned | undefined, era: Era): readonly Capabilities[] {
  const said = learned?.capabilities?.[era] ?? Object.values(learned?.capabilities ?? {})[0]
  const listing = (learned?.tools.size ?? 0) > 0 ? [LISTS_TOOLS] : []
  if (learned === undefined || said === undefined) return listing
  const isHeard = learned.isSessionful || learned.eras.includes('modern')
  return [isHeard ? said : mute(said), ...listing]
}
