// One list out of many: a page from each cluster of the virtual server, joined in the order of the document.
// What a cluster cannot give is named in the answer, never silently missing.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import { answer, type Refusal, refuse, type Stage } from '#router/pipeline/stage.ts'
import type { Era, VirtualServerMember } from '#routes/route-table.ts'

export type Page =
  | { readonly kind: 'page'; readonly tools: readonly Buffer[]; readonly nextCursor?: string }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** `gone` aborts when the caller has left: what is still being asked is for nobody. */
export type Listing = Decoded &
  Located &
  Pick<Arrived, 'caller' | 'arrivedMs'> & { readonly gone: AbortSignal }

/** Where each unfinished cluster goes on; undefined: from its beginning. */
export interface Continuation {
  readonly cluster: string
  readonly cursor?: string
}

export interface Lists {
  readonly page: (
    call: Readonly<Listing>,
    member: VirtualServerMember,
    cursor: string | undefined,
  ) => Promise<Page>
  readonly sealCursor: (server: string, rest: readonly Continuation[]) => string
  /** Undefined when the cursor is not one that a router with this key made for this server. */
  readonly openCursor: (server: string, cursor: string) => readonly Continuation[] | undefined
  readonly encode: (era: Era, list: ToolList) => Buffer
}

export interface ToolList {
  readonly tools: readonly Buffer[]
  readonly nextCursor?: string
  /** Clusters that gave nothing this time. */
  readonly unavailable: readonly string[]
}

export const gather = (lists: Lists): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'gather',
  decide: async call => {
    const from = startOf(call, lists)
    if (from === undefined)
      return refuse('RINGMAIN_INVALID_PARAMS', { says: 'The cursor is not one of this list.' })
    const wanted = call.server.members.filter(member => from.has(member.cluster))
    const gone = new AbortController()
    call.caller.onGone(() => gone.abort())
    const listing: Listing = { ...call, gone: gone.signal }
    const pages = await Promise.all(
      wanted.map(member => lists.page(listing, member, from.get(member.cluster))),
    )
    const tools: Buffer[] = []
    const rest: Continuation[] = []
    const unavailable: string[] = []
    let last: Refusal | undefined
    for (const [index, page] of pages.entries()) {
      const { cluster } = wanted[index] as VirtualServerMember
      if (page.kind === 'refuse') {
        if (page.refusal.code === 'RINGMAIN_SESSION_UNKNOWN') return page
        last = page.refusal
        unavailable.push(cluster)
        continue
      }
      tools.push(...page.tools)
      if (page.nextCursor !== undefined) rest.push({ cluster, cursor: page.nextCursor })
    }
    if (last !== undefined && unavailable.length === wanted.length)
      return { kind: 'refuse', refusal: last }
    const nextCursor =
      rest.length === 0 ? {} : { nextCursor: lists.sealCursor(call.server.name, rest) }
    return answer({
      kind: 'result',
      resultJson: lists.encode(call.era, { tools, unavailable, ...nextCursor }),
    })
  },
})

/** Clusters still to be read, each with the cursor it gave. */
function startOf(
  call: Readonly<Decoded & Located>,
  lists: Lists,
): ReadonlyMap<string, string | undefined> | undefined {
  const { cursor } = call.message.params
  if (cursor === undefined)
    return new Map(call.server.members.map(member => [member.cluster, undefined]))
  const rest = typeof cursor === 'string' ? lists.openCursor(call.server.name, cursor) : undefined
  return rest && new Map(rest.map(({ cluster, cursor: at }) => [cluster, at]))
}
