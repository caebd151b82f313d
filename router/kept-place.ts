// A replica that was chosen for one exchange, and its slot: counted when the exchange is sent, or before that where something comes between.
import type { Era } from '#routes/route-table.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint } from './clusters/endpoint.ts'

export interface Place {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly era: Era
  readonly letGo?: () => void
}

/** A place whose slot is counted already, until `letGo`. */
export const kept = (place: Omit<Place, 'letGo'>): Required<Place> => ({
  ...place,
  letGo: () => {
    place.endpoint.inFlight -= 1
  },
})

/** A handshake takes a slot as a call does, and the slot must still be there after it; to be given to `forgoPlace` or a replica. */
export function keepPlace({ letGo, ...place }: Place): Required<Place> {
  if (letGo === undefined) place.endpoint.inFlight += 1
  return kept(place)
}

/** The slot will not be used: it is for the next who waits. */
export function forgoPlace({ cluster, endpoint, letGo }: Place): void {
  letGo?.()
  cluster.ejections.forgo(endpoint)
  cluster.slots.free()
}
