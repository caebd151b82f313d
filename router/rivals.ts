// What else bears a plain name, in a server that joins clusters under plain names: then it is nobody's, in lists as in calls. Tools are known by
// what the replicas that serve agree on, prompts and resources by their lists.
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import type { Rivals } from './catalog/merged-list.ts'
import { pagesOf } from './offering.ts'
import type { Listing, Lists, Page } from './stages/gather.ts'
import { isOffered } from './stages/owners.ts'

/** One name may be borne twice. */
export const sharesNames = ({ naming, members }: VirtualServerPolicy): boolean =>
  naming === 'plain' && members.length > 1

export class RivalNames {
  readonly #active: ActiveTable
  readonly #page: Lists['page']
  /** Bounded by the pages that are kept. */
  readonly #names = new WeakMap<Page, { readonly serial: number; readonly own: Set<string> }>()
  #newest = 0

  constructor(active: ActiveTable, page: Lists['page']) {
    this.#active = active
    this.#page = page
  }

  /** Undefined where names tell clusters apart. */
  of(call: Listing): Rivals | Promise<Rivals> | undefined {
    if (!sharesNames(call.server)) return undefined
    return call.message.method === 'tools/list' ? this.#tools(call) : this.#listed(call)
  }

  #tools({ era, server }: Listing): Rivals {
    const versions = server.members.map(({ cluster: name }) => {
      const cluster = this.#active.cluster(name)
      return cluster?.listVersion(cluster.eraFor(era)) ?? ''
    })
    return {
      version: versions.join(' '),
      offers: (cluster, own) => isOffered(this.#active.cluster(cluster)?.tool(own)),
    }
  }

  async #listed(call: Listing): Promise<Rivals> {
    const byCluster = new Map<string, readonly Page[]>()
    await Promise.all(
      call.server.members.map(async member => {
        byCluster.set(member.cluster, await Array.fromAsync(pagesOf(this.#page, call, member)))
      }),
    )
    const serials = [...byCluster.values()].map(pages =>
      pages.map(page => this.#namesOf(page).serial).join(','),
    )
    return {
      version: serials.join(' '),
      offers: (cluster, own) =>
        byCluster.get(cluster)?.some(page => this.#namesOf(page).own.has(own)) === true,
    }
  }

  #namesOf(page: Page): { readonly serial: number; readonly own: Set<string> } {
    const known = this.#names.get(page)
    if (known !== undefined) return known
    this.#newest += 1
    const names = { serial: this.#newest, own: new Set(page.items.map(({ own }) => own)) }
    this.#names.set(page, names)
    return names
  }
}
