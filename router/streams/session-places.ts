// Where the parts of a legacy session are held, and whether a stream may be opened there.
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { SessionMember } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { HandshakeWay } from '#router/upstream/legacy-handshake.ts'

export interface SessionPlace {
  readonly member: SessionMember
  readonly way: HandshakeWay
  /** Gives back what counts as one stream there; does nothing the second time. */
  readonly release: () => void
}

export interface PlacePorts {
  readonly cluster: (name: string) => Cluster | undefined
  readonly way: (place: { readonly cluster: Cluster; readonly endpoint: Endpoint }) => HandshakeWay
}

const UNKNOWN_YET: Refusal = {
  code: 'RINGMAIN_NO_HEALTHY_REPLICA',
  says: 'A cluster of the session has not heard from discovery yet.',
  retryAfterMs: 1_000,
}

export function placesOf(
  ports: PlacePorts,
  members: readonly SessionMember[],
): readonly SessionPlace[] | { readonly refusal: Refusal } {
  const places: SessionPlace[] = []
  for (const member of members) {
    const place = placeOf(ports, member)
    if (!('refusal' in place)) places.push(place)
    else {
      for (const { release } of places) release()
      return place
    }
  }
  return places
}

function placeOf(
  ports: PlacePorts,
  member: SessionMember,
): SessionPlace | { readonly refusal: Refusal } {
  const cluster = ports.cluster(member.cluster)
  if (cluster !== undefined && cluster.snapshot === undefined) return { refusal: UNKNOWN_YET }
  const endpoint = cluster?.endpoint(member.endpoint)
  if (cluster === undefined || endpoint === undefined || endpoint.isRemoved)
    return { refusal: { code: 'RINGMAIN_SESSION_UNKNOWN', detail: `${member.endpoint} is gone` } }
  // They say nothing of load, and must not keep calls from it: as many as it may have of the others are theirs.
  if (endpoint.listeners >= cluster.policy.connections.streams)
    return { refusal: { code: 'RINGMAIN_TOO_MANY_STREAMS', retryAfterMs: 1_000 } }
  endpoint.listeners += 1
  let isHeld = true
  return {
    member,
    way: ports.way({ cluster, endpoint }),
    release: () => {
      if (isHeld) endpoint.listeners -= 1
      isHeld = false
    },
  }
}
