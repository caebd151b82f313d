// The table in force and the clusters that carry it. A new table is made ready beside the old one and takes over whole.
import { isDeepStrictEqual } from 'node:util'
import type { ClusterPolicy, RouteTable, VirtualServerPolicy } from '#routes/route-table.ts'
import type { Cluster } from './clusters/cluster.ts'

/** How long a new cluster may take to find and ask its replicas before the table takes over without it. */
const WARM_UP_MS = 2_000

export type OpenCluster = (policy: ClusterPolicy) => Cluster

export class ActiveTable {
  readonly #open: OpenCluster
  #table: RouteTable
  #clusters: ReadonlyMap<string, Cluster>
  #loadedAtMs = Date.now()
  #turn: Promise<void> = Promise.resolve()
  #waiting: { table: RouteTable; readonly taken: Promise<void> } | undefined

  constructor(table: RouteTable, open: OpenCluster) {
    this.#open = open
    this.#table = table
    this.#clusters = new Map(
      Object.values(table.clusters).map(policy => [policy.name, this.#opened(policy)]),
    )
  }

  get table(): RouteTable {
    return this.#table
  }

  get loadedAtMs(): number {
    return this.#loadedAtMs
  }

  get clusters(): ReadonlyMap<string, Cluster> {
    return this.#clusters
  }

  server(name: string): VirtualServerPolicy | undefined {
    return Object.hasOwn(this.#table.virtualServers, name)
      ? this.#table.virtualServers[name]
      : undefined
  }

  cluster(name: string): Cluster | undefined {
    return this.#clusters.get(name)
  }

  /**
   * Resolves when the table is in force, or a newer one that was given while it waited for its turn: none is mixed with
   * the next, and only the newest is worth making ready.
   */
  apply(table: RouteTable): Promise<void> {
    if (this.#waiting !== undefined) {
      this.#waiting.table = table
      return this.#waiting.taken
    }
    const taken = this.#turn.then(() => this.#takeWaiting())
    this.#waiting = { table, taken }
    this.#turn = taken.catch(() => undefined) // told to who asked; it must not keep the next table out
    return taken
  }

  async #takeWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) await this.#take(waiting.table)
  }

  async close(): Promise<void> {
    await this.#turn
    await Promise.all([...this.#clusters.values()].map(cluster => cluster.close()))
  }

  async #take(table: RouteTable): Promise<void> {
    const fresh: Cluster[] = []
    const next = new Map<string, Cluster>()
    try {
      for (const policy of Object.values(table.clusters))
        next.set(policy.name, this.#kept(policy) ?? this.#opened(policy, fresh))
    } catch (error) {
      await Promise.all(fresh.map(cluster => cluster.close()))
      throw error
    }
    await settledWithin(fresh, WARM_UP_MS)
    const left = [...this.#clusters.values()].filter(
      cluster => next.get(cluster.policy.name) !== cluster,
    )
    this.#table = table
    this.#clusters = next
    this.#loadedAtMs = Date.now()
    await Promise.all(left.map(cluster => cluster.close()))
  }

  #kept(policy: ClusterPolicy): Cluster | undefined {
    const known = this.#clusters.get(policy.name)
    return known !== undefined && isDeepStrictEqual(known.policy, policy) ? known : undefined
  }

  #opened(policy: ClusterPolicy, fresh: Cluster[] = []): Cluster {
    const cluster = this.#open(policy)
    fresh.push(cluster)
    cluster.start()
    return cluster
  }
}

async function settledWithin(clusters: readonly Cluster[], ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([Promise.all(clusters.map(cluster => cluster.settled())), late.promise])
  clearTimeout(timer)
}
