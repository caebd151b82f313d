// Of what a cluster's lists are read: its replicas, the tools that they agree on, and the changes that they tell. Another epoch is another list.
import type { Era } from '#routes/route-table.ts'
import type { Told } from './capabilities.ts'
import type { Cluster } from './clusters/cluster.ts'

/** Which lists are others when a server says so: it has one word for resources and their templates. */
const LISTS_OF: Readonly<Record<Told, readonly string[]>> = {
  tools: ['tools/list'],
  prompts: ['prompts/list'],
  resources: ['resources/list', 'resources/templates/list'],
}

export class ListEpochs {
  /** Bounded by the clusters that live. A cluster that a newer table brings is another one, under whatever name. */
  readonly #serials = new WeakMap<Cluster, number>()
  /** Changes that were told, by list. Bounded by the clusters that live and the lists that there are. */
  readonly #changes = new WeakMap<Cluster, Map<string, number>>()
  #newest = 0

  of(cluster: Cluster, method: string, spoken: Era): string {
    const changes = this.#changes.get(cluster)?.get(method) ?? 0
    return `${this.#serialOf(cluster)} ${spoken} ${cluster.listVersion(spoken)} ${changes}`
  }

  /** A replica tells that its list is another one now. */
  changed(cluster: Cluster, of: Told): void {
    const counts = this.#changes.get(cluster) ?? new Map<string, number>()
    this.#changes.set(cluster, counts)
    for (const method of LISTS_OF[of]) counts.set(method, (counts.get(method) ?? 0) + 1)
  }

  #serialOf(cluster: Cluster): number {
    const known = this.#serials.get(cluster)
    if (known !== undefined) return known
    this.#newest += 1
    this.#serials.set(cluster, this.#newest)
    return this.#newest
  }
}
