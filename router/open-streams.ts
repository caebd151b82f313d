// Streams put together: the watches of clusters, who owns what is watched, and what a change makes stale.
import { systemClock, systemRandom } from '#foundation/clock.ts'
import type { Sealer } from '#foundation/seal.ts'
import { askingFor } from './asks.ts'
import type { ReplicaPorts } from './choose-replica.ts'
import { DeadlineWheel } from './deadlines/deadline-wheel.ts'
import { handshakeWay } from './open-session.ts'
import type { SharedLists } from './shared-lists.ts'
import { type Catalog, ownersOf } from './stages/owners.ts'
import type { Farewells } from './stages/part.ts'
import type { Subscriptions } from './stages/subscribe.ts'
import { type StreamPorts, Streams } from './streams/streams.ts'
import { subscriptions } from './streams/subscriptions.ts'

/** How often it is looked what is due: streams are in no hurry. */
const TICK_MS = 50

export interface OpenedStreams {
  readonly streams: Streams
  readonly subscriptions: Subscriptions
  /** A session that ends takes its streams along. `isBusy`: a call of it is under way. */
  readonly farewells: (
    sessions: Pick<Farewells, 'end'>,
    isBusy: (sessionToken: string) => boolean,
  ) => Farewells
}

export function openStreams(
  ports: ReplicaPorts & { readonly sealer: Sealer },
  catalog: Catalog,
  more: { readonly lists: SharedLists; readonly observe: StreamPorts['observe'] },
): OpenedStreams {
  const wheel = new DeadlineWheel(systemClock.nowMs, TICK_MS)
  const { after } = wheel
  const cluster = (name: string) => ports.active.cluster(name)
  const streams = new Streams({
    cluster,
    server: name => ports.active.server(name),
    way: place => handshakeWay(ports, place),
    client: ports.client,
    random: systemRandom,
    nowMs: ports.nowMs,
    after,
    onListChanged: more.lists.changed,
    owners: async (call, uri) =>
      ownersOf(call, { kind: 'resource', name: uri, path: ['uri'] }, catalog),
    asking: (session, name) => askingFor(ports.sealer, session, name),
    observe: more.observe,
  })
  const { resources } = streams
  return {
    streams,
    subscriptions: { subscribe: subscriptions({ cluster, after, resources }) },
    farewells: (sessions, isBusy) => {
      const end: Farewells['end'] = session => {
        streams.forget(session.token)
        return sessions.end(session)
      }
      return { end, lapsed: session => void (isBusy(session.token) || end(session)) }
    },
  }
}
