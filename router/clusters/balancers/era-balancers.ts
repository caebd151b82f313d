// One balancer for each era of a cluster, what each of them holds a replica for, and how near it is.
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Endpoint } from '../endpoint.ts'
import { Balancer, type Standing } from './balancer.ts'
import { type Place, tierName, tierOf } from './place.ts'

export interface EraBalancersOptions {
  /** Where this router stands. */
  readonly here: Place
  /** Of this router process, for its life: which subset it uses of many. */
  readonly seed: number
  /** Those that the cluster names, in its order. */
  readonly datacenters?: readonly string[] | undefined
}

export class EraBalancers {
  readonly #here: Place
  readonly #datacenters: readonly string[]
  readonly #byEra: Readonly<Record<Era, Balancer>>

  constructor({ here, seed, datacenters = [] }: EraBalancersOptions) {
    this.#here = here
    this.#datacenters = datacenters
    const options = { tierOf: (endpoint: Endpoint) => this.tierOf(endpoint), seed }
    this.#byEra = { legacy: new Balancer(options), modern: new Balancer(options) }
  }

  of(era: Era): Balancer {
    return this.#byEra[era]
  }

  tierOf({ instance }: Endpoint): number {
    return tierOf(instance, this.#here, this.#datacenters)
  }

  /** Of calls that go beyond the nearest tier, in words. */
  notes(): readonly string[] {
    return ERAS.flatMap(era => {
      const [nearest, next] = this.#byEra[era].tiers
      if (nearest === undefined || next === undefined || nearest.load >= 1) return []
      const part = Math.round((1 - nearest.load) * 100)
      const { healthy, members } = nearest
      return [
        `${part} % of its ${era} calls go beyond the nearest tier: ${healthy} of ${members} replicas there are healthy`,
      ]
    })
  }

  /** Nobody is to be chosen any more. */
  clear(): void {
    for (const era of ERAS) this.#byEra[era].clear()
  }

  /** Whatever changed of it. */
  update(endpoint: Endpoint, isServing: (endpoint: Endpoint, era: Era) => boolean): void {
    endpoint.tier = tierName(this.tierOf(endpoint))
    for (const era of ERAS) {
      const inService = endpoint.isEjected ? 'ejected' : 'serves'
      const standing = isServing(endpoint, era) ? inService : absence(endpoint, era)
      this.#byEra[era].update(endpoint, standing)
    }
  }
}

/** One that was never asked is not missed; one that is down may speak either era while nobody knows. */
function absence(endpoint: Endpoint, era: Era): Standing {
  const { isRemoved, isBlocked, health, apart, learned } = endpoint
  if (isRemoved || isBlocked || health === 'unknown' || apart[era] !== undefined) return 'absent'
  return learned?.eras.includes(era) === false ? 'absent' : 'out'
}
