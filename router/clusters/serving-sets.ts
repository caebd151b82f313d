// The replicas in service, by era, kept up to date one replica at a time: with ten thousand of them, building the lists
// anew at each change of health would cost more than the checks. A list changes in place and its order means nothing.
import type { ToolFacts } from '#router/tool-facts.ts'
import { ERAS, type Era } from '#routes/route-table.ts'
import { type Endpoint, NOT_APART } from './endpoint.ts'
import { ToolAgreement } from './tool-agreement.ts'

interface ServingSet {
  readonly list: Endpoint[]
  /** Where each stands in the list. */
  readonly places: Map<Endpoint, number>
  /** Those that would serve if they were up, and those that do. */
  readonly ready: Set<Endpoint>
}

function emptySet(): ServingSet {
  return { list: [], places: new Map(), ready: new Set() }
}

export interface ServingPorts {
  /** False: replicas share the cluster's calls whatever tools they list. */
  readonly mustAgree: boolean
  /** A replica in service was set apart from those that serve an era, or is no longer. */
  readonly onApart: (endpoint: Endpoint, era: Era, servingDigest: string | undefined) => void
  /** Something of it changed, and the lists say already what it is now. */
  readonly onPlaced: (endpoint: Endpoint) => void
}

export class ServingSets {
  readonly #ports: ServingPorts
  readonly #agreements: Readonly<Record<Era, ToolAgreement>> = {
    legacy: new ToolAgreement('legacy'),
    modern: new ToolAgreement('modern'),
  }
  /** Bounded by the endpoints of the cluster. */
  readonly #sets: Readonly<Record<Era, ServingSet>> = {
    legacy: emptySet(),
    modern: emptySet(),
  }

  constructor(ports: ServingPorts) {
    this.#ports = ports
  }

  of(era: Era): readonly Endpoint[] {
    return this.#sets[era].list
  }

  /** The era itself where any replica serves it, else one that some serve. */
  eraFor(era: Era): Era {
    const isServed = (one: Era): boolean => this.of(one).length > 0
    return isServed(era) ? era : (ERAS.find(isServed) ?? era)
  }

  has(endpoint: Endpoint, era: Era): boolean {
    return this.#sets[era].places.has(endpoint)
  }

  /** How many there would be if all of them were up. */
  ready(era: Era): number {
    return this.#sets[era].ready.size
  }

  /**
   * What a replica in service tells of this tool. Of those that agree one is asked: a caller that invents names must not
   * have ten thousand lists looked through. The modern list first: what is mirrored matters to its callers alone.
   */
  tool(name: string): ToolFacts | 'broken' | undefined {
    for (const era of ['modern', 'legacy'] as const) {
      const { representative } = this.#agreements[era]
      const asked = representative === undefined ? this.of(era) : [representative]
      for (const { learned } of asked) {
        const facts = learned?.tools.get(name)
        if (facts !== undefined) return facts
      }
    }
    return undefined
  }

  /** What all that serve this era say of a tool; undefined where no list is known, or they need not agree. */
  agreedTool(era: Era, name: string): ToolFacts | undefined {
    const facts = this.#agreements[era].representative?.learned?.tools.get(name)
    return facts === 'broken' ? undefined : facts
  }

  /** Of the tools that those who serve this era agree on; empty while none is known, or they need not agree. */
  listVersion(era: Era): string {
    return this.#agreements[era].main ?? ''
  }

  /** Of eras in which nobody knows whether the replicas agree, in words. */
  notes(): readonly string[] {
    if (!this.#ports.mustAgree) return []
    return ERAS.flatMap(era => {
      const { main, members } = this.#agreements[era]
      const [first] = members.values()
      if (main !== undefined || members.size < 2) return []
      return [
        `whether its ${members.size} ${era} replicas list the same tools is not known: ${first?.problem ?? ''}`,
      ]
    })
  }

  /** Whatever changed of it: its health, what it speaks, what discovery says, or that it left. */
  update(endpoint: Endpoint): void {
    if (this.#ports.mustAgree) {
      for (const era of ERAS) {
        const agreement = this.#agreements[era]
        if (!agreement.update(endpoint)) continue
        for (const member of agreement.members.keys()) this.#place(member)
      }
    }
    this.#place(endpoint)
  }

  /** Nobody serves any more: to take ten thousand out one by one would hold the loop for more than 100 ms. */
  clear(): void {
    for (const era of ERAS) {
      const { list, places, ready } = this.#sets[era]
      list.length = 0
      places.clear()
      ready.clear()
      this.#agreements[era].clear()
    }
  }

  #place(endpoint: Endpoint): void {
    const before = endpoint.apart
    let apart = NOT_APART
    for (const era of ERAS) {
      const why = this.#agreements[era].whyApart(endpoint)
      if (why !== undefined) apart = { ...apart, [era]: why }
      this.#serve(endpoint, era, why === undefined && endpoint.mayServe(era))
      put(this.#sets[era].ready, endpoint, why === undefined && endpoint.wouldServe(era))
    }
    endpoint.apart = apart
    this.#ports.onPlaced(endpoint)
    for (const era of ERAS) {
      if ((apart[era] === undefined) === (before[era] === undefined) || !endpoint.mayServe(era))
        continue
      this.#ports.onApart(endpoint, era, this.#agreements[era].main)
    }
  }

  #serve(endpoint: Endpoint, era: Era, mayServe: boolean): void {
    const set = this.#sets[era]
    if (mayServe === set.places.has(endpoint)) return
    if (!mayServe) remove(set, endpoint)
    else {
      set.places.set(endpoint, set.list.length)
      set.list.push(endpoint)
    }
  }
}

function put(set: Set<Endpoint>, endpoint: Endpoint, isMember: boolean): void {
  if (isMember) set.add(endpoint)
  else set.delete(endpoint)
}

/** The last takes its place. */
function remove({ list, places }: ServingSet, endpoint: Endpoint): void {
  const place = places.get(endpoint)
  const last = list.pop()
  places.delete(endpoint)
  if (place === undefined || last === undefined || last === endpoint) return
  list[place] = last
  places.set(last, place)
}
