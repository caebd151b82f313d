// One list out of many: a page from each cluster of the virtual server, joined in the order of the document.
// What a cluster cannot give is named in the answer, never silently missing.
import type { Arrived, Decoded, Located, McpAnswer } from '#router/facts.ts'
import type { Item, LeftOut } from '#router/methods.ts'
import { answer, type Refusal, refuse, type Stage } from '#router/pipeline/stage.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'

export interface Page {
  readonly items: readonly Item[]
  /** Definitions of it that no client could read; absent where there are none. */
  readonly leftOut?: readonly LeftOut[]
  readonly nextCursor?: string
  /** For how long its server says that it holds; 0 where it does not say. */
  readonly ttlMs: number
  /** Its server says that it is the same for every caller. */
  readonly isPublic: boolean
}

export type PageAnswer =
  /** `leftMs`: for how long it still holds. */
  | { readonly kind: 'page'; readonly page: Page; readonly leftMs: number }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** `gone` aborts when the caller has left: what is still being asked is for nobody. */
export type Listing = Decoded &
  Located &
  Pick<Arrived, 'caller' | 'arrivedMs'> & { readonly gone: AbortSignal }

/** Where each unfinished cluster goes on; without a cursor from its beginning. */
export interface Continuation {
  readonly cluster: string
  readonly cursor?: string
  /** How many of its pages came before. */
  readonly pages?: number
}

/** What one cluster adds to a merged page. */
export interface Part {
  readonly member: VirtualServerMember
  readonly page: Page
  readonly leftMs: number
  /** Where the page begins; absent for the first. */
  readonly cursor?: string
}

export interface MergedList {
  readonly parts: readonly Part[]
  /** Where the next page begins. */
  readonly rest: readonly Continuation[]
  /** Clusters that gave nothing this time. */
  readonly unavailable: readonly string[]
}

export interface Lists {
  readonly page: (
    call: Readonly<Listing>,
    member: VirtualServerMember,
    cursor: string | undefined,
  ) => Promise<PageAnswer>
  /** Undefined when the cursor is not one that a router with this key made for this list. */
  readonly openCursor: (
    call: Readonly<Decoded & Located>,
    cursor: string,
  ) => readonly Continuation[] | undefined
  /** One page of it for one caller. */
  readonly begin: (call: Readonly<Listing>) => ListTurn
}

export interface ListTurn {
  /** As the last caller alike got it; absent where the clusters are to be asked. */
  readonly known?: readonly Buffer[]
  readonly encode: (list: MergedList) => readonly Buffer[] | Promise<readonly Buffer[]>
}

/** Of one merged page, together: what a caller reads at once. The first cluster's page is whole, however long. */
const MOST_ITEMS = 1_000
const MOST_BYTES = 1_048_576
/** Of one cluster, for one caller: a list of more goes round in a circle. */
const MOST_PAGES = 200

export const gather = (lists: Lists): Stage<McpAnswer, Arrived & Decoded & Located> => ({
  name: 'gather',
  decide: async call => {
    const gone = new AbortController()
    const listing: Listing = { ...call, gone: gone.signal }
    const turn = lists.begin(listing)
    if (turn.known !== undefined) return answer({ kind: 'result', resultJson: turn.known })
    const from = startOf(call, lists)
    if (from === undefined)
      return refuse('RINGMAIN_INVALID_PARAMS', { says: 'The cursor is not one of this list.' })
    const wanted = call.server.members.filter(member => from.has(member.cluster))
    call.caller.onGone(() => gone.abort())
    const asked = await Promise.all(
      wanted.map(async member => {
        const { cursor, pages = 0 } = from.get(member.cluster) ?? {}
        const given = pages < MOST_PAGES ? await lists.page(listing, member, cursor) : ENDLESS
        return { member, cursor, pages, answer: given }
      }),
    )
    const refusal = refusalOf(call, asked)
    if (refusal !== undefined) return { kind: 'refuse', refusal }
    return answer({ kind: 'result', resultJson: await turn.encode(merged(asked)) })
  },
})

const ENDLESS: PageAnswer = {
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    says: `A list of more than ${MOST_PAGES} pages has no end.`,
  },
}

interface Asked {
  readonly member: VirtualServerMember
  readonly cursor: string | undefined
  readonly pages: number
  readonly answer: PageAnswer
}

/** A session that is lost is lost for all; else there is a list as long as anybody gave one, unless the document wants all or none. */
function refusalOf({ server }: Readonly<Located>, asked: readonly Asked[]): Refusal | undefined {
  const refusals = asked.flatMap(({ answer: given }) =>
    given.kind === 'refuse' ? [given.refusal] : [],
  )
  const lost = refusals.find(({ code }) => code === 'RINGMAIN_SESSION_UNKNOWN')
  if (lost !== undefined) return lost
  // Who has come so far has the others' lists, which an error now would take away.
  const isAtEnd = asked.some(({ answer: given }) => given === ENDLESS)
  const isRefused =
    server.partialLists === 'fail'
      ? refusals.length > 0
      : refusals.length === asked.length && !isAtEnd
  return isRefused ? refusals.at(-1) : undefined
}

function merged(asked: readonly Asked[]): MergedList {
  const parts: Part[] = []
  const rest: Continuation[] = []
  const unavailable: string[] = []
  let [items, bytes] = [0, 0]
  for (const { member, cursor, pages, answer: given } of asked) {
    const { cluster } = member
    if (given.kind === 'refuse') {
      unavailable.push(cluster)
      continue
    }
    const { page, leftMs } = given
    const more = page.items.reduce((sum, { definition }) => sum + definition.length, 0)
    const isFull = items + page.items.length > MOST_ITEMS || bytes + more > MOST_BYTES
    if (parts.length > 0 && isFull) {
      rest.push({ cluster, ...(cursor === undefined ? {} : { cursor, pages }) })
      continue
    }
    items += page.items.length
    bytes += more
    parts.push({ member, page, leftMs, ...(cursor === undefined ? {} : { cursor }) })
    if (page.nextCursor !== undefined)
      rest.push({ cluster, cursor: page.nextCursor, pages: pages + 1 })
  }
  return { parts, rest, unavailable }
}

/** Clusters still to be read, each with the cursor it gave. */
function startOf(
  call: Readonly<Decoded & Located>,
  lists: Lists,
): ReadonlyMap<string, Continuation> | undefined {
  const { cursor } = call.message.params
  const { members } = call.server
  if (cursor === undefined) return new Map(members.map(({ cluster }) => [cluster, { cluster }]))
  const rest = typeof cursor === 'string' ? lists.openCursor(call, cursor) : undefined
  return rest && new Map(rest.map(one => [one.cluster, one]))
}
