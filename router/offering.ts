// Which clusters of a server with plain names offer a prompt or a resource: those whose lists say so.
import type { VirtualServerMember } from '#routes/route-table.ts'
import { isMadeBy } from '#routes/wire-names.ts'
import type { Subject } from './methods.ts'
import type { Listing, Lists, Page } from './stages/gather.ts'
import type { Catalog } from './stages/owners.ts'

/** Pages of one list that are looked through. */
const MOST_PAGES = 20

type Fits = (listed: string, asked: string) => boolean
const isSame: Fits = (listed, asked) => listed === asked

const LISTS: Readonly<Partial<Record<Subject['kind'], Readonly<Record<string, Fits>>>>> = {
  prompt: { 'prompts/list': isSame },
  resource: { 'resources/list': isSame, 'resources/templates/list': isMadeBy },
}

export const offering =
  (page: Lists['page']): Catalog['offering'] =>
  async (call, { kind, name }) => {
    const gone = new AbortController()
    call.caller.onGone(() => gone.abort())
    const isListed = async (member: VirtualServerMember): Promise<boolean> => {
      for (const [method, fits] of Object.entries(LISTS[kind] ?? {})) {
        const listing = { ...call, message: { ...call.message, method }, gone: gone.signal }
        if (await holds(page, listing, member, listed => fits(listed, name))) return true
      }
      return false
    }
    const { members } = call.server
    const found = await Promise.all(members.map(isListed))
    return members.filter((_, at) => found[at]).map(member => ({ member, own: name }))
  }

async function holds(
  page: Lists['page'],
  listing: Listing,
  member: VirtualServerMember,
  fits: (listed: string) => boolean,
): Promise<boolean> {
  for await (const { items } of pagesOf(page, listing, member))
    if (items.some(({ own }) => fits(own))) return true
  return false
}

/** All that one cluster lists, as far as that is looked through. Whoever gives no list offers nothing for now. */
export async function* pagesOf(
  page: Lists['page'],
  listing: Listing,
  member: VirtualServerMember,
): AsyncGenerator<Page> {
  let cursor: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const given = await page(listing, member, cursor)
    if (given.kind === 'refuse') return
    yield given.page
    cursor = given.page.nextCursor
    if (cursor === undefined) return
  }
}
