// The replicas in service, by era, kept up to date one replica at a time: with ten thousand of them, building the lists
// anew at each change of health would cost more than the checks. A list changes in place and its order means nothing.
import { ERAS, type Era } from '#routes/route-table.ts'
import type { Endpoint } from './endpoint.ts'

interface ServingSet {
  readonly list: Endpoint[]
  /** Where each stands in the list. */
  readonly places: Map<Endpoint, number>
}

export class ServingSets {
  // Bounded by the endpoints of the cluster.
  readonly #sets: Readonly<Record<Era, ServingSet>> = {
    legacy: { list: [], places: new Map() },
    modern: { list: [], places: new Map() },
  }

  of(era: Era): readonly Endpoint[] {
    return this.#sets[era].list
  }

  /** Whatever changed of it: its health, what it speaks, what discovery says, or that it left. */
  update(endpoint: Endpoint): void {
    for (const era of ERAS) {
      const set = this.#sets[era]
      if (endpoint.mayServe(era) === set.places.has(endpoint)) continue
      if (set.places.has(endpoint)) remove(set, endpoint)
      else {
        set.places.set(endpoint, set.list.length)
        set.list.push(endpoint)
      }
    }
  }
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
