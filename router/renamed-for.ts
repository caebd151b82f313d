// Back from a name that was made for one assistant to the tool or prompt that it was made of: by the list in which it was shown.

import { type Owned, ownerOfName, wireName } from '#routes/wire-names.ts'
import { pagesOf } from './offering.ts'
import { mayBeMade, portableName } from './shims/portable-names.ts'
import { has } from './shims/shims.ts'
import type { Lists } from './stages/gather.ts'
import type { Catalog } from './stages/owners.ts'

const LISTS = { tool: 'tools/list', prompt: 'prompts/list' } as const

export const renamedBy =
  (page: Lists['page']): Catalog['renamed'] =>
  (call, { kind, name }) => {
    const { server, assistant } = call
    if (!has(assistant, 'portable-names') || server.names === 'portable') return undefined
    if ((kind !== 'tool' && kind !== 'prompt') || !mayBeMade(name)) return undefined
    const only = server.members.length === 1 ? server.members[0] : undefined
    const member = server.naming === 'prefix' ? ownerOfName(server, name)?.member : only
    if (member === undefined) return undefined
    const gone = new AbortController()
    call.caller.onGone(() => gone.abort())
    const message = { ...call.message, method: LISTS[kind] }
    return (async (): Promise<Owned | undefined> => {
      let made: Owned | undefined
      for await (const { items } of pagesOf(page, { ...call, message, gone: gone.signal }, member))
        for (const { own } of items) {
          if (wireName(member, own) === name) return undefined // it has the name itself
          if (portableName(server, member, own) === name) made ??= { member, own }
        }
      return made
    })()
  }
