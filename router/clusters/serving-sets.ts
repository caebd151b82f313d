// The replicas in service, by era, kept up to date one replica at a time: with ten thousand of them, building the lists
// anew at each change of health would cost more than the checks. A list changes in place and its order means nothing.
import type { ToolFacts } from '#router/facts.ts'
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Endpoint } from './endpoint.ts'
import { ToolAgreement } from './tool-agreement.ts'

interface ServingSet {
  readonly list: Endpoint[]
  /** Where each stands in the list. */
  readonly places: Map<Endpoint, number>
}

export interface ServingPorts {
  /** False: replicas share the cluster's calls whatever tools they list. */
  readonly mustAgree: boolean
  /** A replica in service was set apart, or is no longer. */
  readonly onApart: (endpoint: Endpoint, servingDigest: string | undefined) => void
}

export class ServingSets {
  readonly #ports: ServingPorts
  /** By the era that a list was read in: the same server may describe its tools in another way to the other. */
  readonly #agreements: Readonly<Record<Era, ToolAgreement>> = {
    legacy: new ToolAgreement(),
    modern: new ToolAgreement(),
  }
  /** In service, and known by names only, if at all. Bounded by the endpoints of the cluster, as are the sets. */
  readonly #untold = new Set<Endpoint>()
  readonly #sets: Readonly<Record<Era, ServingSet>> = {
    legacy: { list: [], places: new Map() },
    modern: { list: [], places: new Map() },
  }

  constructor(ports: ServingPorts) {
    this.#ports = ports
  }

  of(era: Era): readonly Endpoint[] {
    return this.#sets[era].list
  }

  /**
   * What a replica in service tells of this tool. Of those that agree one is asked: a caller that invents names must not
   * have ten thousand lists looked through.
   */
  tool(name: string): ToolFacts | 'broken' | undefined {
    const { mustAgree } = this.#ports
    for (const era of ERAS) {
      const { representative } = this.#agreements[era]
      const asked = mustAgree ? [representative] : this.of(era)
      for (const endpoint of asked) {
        const facts = endpoint?.learned?.tools.get(name)
        if (facts !== undefined) return facts
      }
    }
    for (const { learned } of mustAgree ? this.#untold : []) {
      const facts = learned?.tools.get(name)
      if (facts !== undefined) return facts
    }
    return undefined
  }

  /** Whatever changed of it: its health, what it speaks, what discovery says, or that it left. */
  update(endpoint: Endpoint): void {
    if (endpoint.isRoutable && endpoint.learned?.toolsDigest === undefined)
      this.#untold.add(endpoint)
    else this.#untold.delete(endpoint)
    if (this.#ports.mustAgree) {
      for (const era of ERAS) {
        const agreement = this.#agreements[era]
        if (!agreement.update(endpoint, listEraOf(endpoint) === era)) continue
        for (const member of agreement.members) this.#place(member)
      }
    }
    this.#place(endpoint)
  }

  #place(endpoint: Endpoint): void {
    const { mustAgree } = this.#ports
    const agreement = this.#agreements[listEraOf(endpoint)]
    const isApart = mustAgree && endpoint.isRoutable && agreement.isApart(endpoint)
    if (isApart !== endpoint.isApart) {
      endpoint.isApart = isApart
      if (endpoint.isRoutable) this.#ports.onApart(endpoint, agreement.main)
    }
    for (const era of ERAS) {
      const set = this.#sets[era]
      const mayServe = endpoint.mayServe(era) && !isApart
      if (mayServe === set.places.has(endpoint)) continue
      if (set.places.has(endpoint)) remove(set, endpoint)
      else {
        set.places.set(endpoint, set.list.length)
        set.list.push(endpoint)
      }
    }
  }
}

const listEraOf = ({ learned }: Endpoint): Era =>
  learned?.eras.includes('modern') === true ? 'modern' : 'legacy'

/** The last takes its place. */
function remove({ list, places }: ServingSet, endpoint: Endpoint): void {
  const place = places.get(endpoint)
  const last = list.pop()
  places.delete(endpoint)
  if (place === undefined || last === undefined || last === endpoint) return
  list[place] = last
  places.set(last, place)
}
