// The lists of all clusters as callers get them: from the catalog where it may serve them, and within a caller's own session from there.
import type { LeftOutView } from '#foundation/admin-views.ts'
import type { Log } from '#foundation/log.ts'
import type { Sealer } from '#foundation/seal.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import type { Told } from './capabilities.ts'
import { JoinedPages, type Place } from './catalog/joined-pages.ts'
import { LeftOutLog } from './catalog/left-out-log.ts'
import { ListCache } from './catalog/list-cache.ts'
import { MergedLists, openCursor, type Rivals } from './catalog/merged-list.ts'
import type { Cluster } from './clusters/cluster.ts'
import { encodeList } from './eras/item-list.ts'
import { META } from './eras/versions.ts'
import { viaIn } from './eras/via.ts'
import { ListEpochs } from './list-epochs.ts'
import { fetchPage, type ListPorts } from './list-pages.ts'
import { RivalNames, sharesNames } from './rivals.ts'
import type { Listing, Lists, MergedList, PageAnswer } from './stages/gather.ts'

export interface SharedListPorts extends ListPorts {
  readonly sealer: Sealer
  /** What lists leave out is told. */
  readonly log: Pick<Log, 'warn'>
}

/** Callers are not told apart yet, but by the routers before this one: all of them are one authorization context. */
const EVERYBODY = 'everybody'
/** Of what a list may depend on, in characters of JSON; who declares more is asked for alone. */
const LONGEST_PARAMS = 2_048
/** Of a sealed cursor, in characters, by which a page is kept. */
const LONGEST_CURSOR = 16_384

export interface SharedLists extends Lists {
  /** A replica tells that its list is another one now: what is kept of it is not served again. */
  readonly changed: (cluster: Cluster, of: Told) => void
  /** What the lists of a virtual server do not show, as they were last written. */
  readonly leftOut: (server: string) => readonly LeftOutView[]
}

export function sharedLists(ports: SharedListPorts): SharedLists {
  const { active, sealer } = ports
  const cache = new ListCache(ports)
  const kept = new JoinedPages(ports)
  const told = new LeftOutLog((event, fields) => ports.log.warn({ event, ...fields }, event))
  const merged = new MergedLists({ ...ports, onLeftOut: told.tell })
  const epochs = new ListEpochs()
  const page: Lists['page'] = (asked, member, cursor) => {
    const call = declared(asked)
    const cluster = active.cluster(member.cluster)
    const params = paramsOf(call, cursor)
    if (cluster === undefined || isBound(call, [member]) || params === undefined)
      return fetchPage(ports, call, member, cursor)
    const { method } = call.message
    const spoken = cluster.eraFor(call.era)
    const wanted = {
      key: JSON.stringify([
        member.cluster,
        method,
        call.era,
        spoken,
        EVERYBODY,
        viaIn(call),
        params,
      ]),
      epoch: epochs.of(cluster, method, spoken),
      policy: cluster.policy.lists,
      fetch: () => fetchPage(ports, forEverybody(ports, call), member, cursor),
    }
    return unlessLate(ports, call, cache.page(wanted))
  }
  const rivals = new RivalNames(active, page)
  const mayBePublic = ({ cluster }: VirtualServerMember): boolean =>
    active.cluster(cluster)?.policy.lists.mayBePublic === true
  const begin: Lists['begin'] = call => {
    const place = placeOf(declared(call), { active, epochs })
    const known = place && kept.get(place)
    const encoded = (list: MergedList, names: Rivals | undefined): readonly Buffer[] => {
      const joined = merged.join(call, list, { rivals: names, mayBePublic })
      if (place !== undefined) kept.keep(place, joined)
      return encodeList(call.era, joined)
    }
    return {
      ...(known && { known: encodeList(call.era, known) }),
      encode: list => {
        const names = rivals.of(call)
        if (!(names instanceof Promise)) return encoded(list, names)
        return names.then(theirs => encoded(list, theirs))
      },
    }
  }
  return {
    page,
    begin,
    changed: (cluster, of) => epochs.changed(cluster, of),
    leftOut: server => told.of(server),
    openCursor: (call, cursor) => openCursor(sealer, call, cursor),
  }
}

/** Which page it is of all that are kept; undefined where it is nobody else's, or depends on more than its clusters' epochs tell. */
function placeOf(
  call: Readonly<Listing>,
  { active, epochs }: { readonly active: ActiveTable; readonly epochs: ListEpochs },
): Place | undefined {
  const { server, message, era, assistant } = call
  const { method, params: asked } = message
  const { cursor = '' } = asked
  const params = paramsOf(call, undefined)
  if (typeof cursor !== 'string' || cursor.length > LONGEST_CURSOR) return undefined
  if (params === undefined || isBound(call, server.members)) return undefined
  if (sharesNames(server) && method !== 'tools/list') return undefined // what the others list by now matters, too
  const epoch = server.members.map(({ cluster: name }) => {
    const cluster = active.cluster(name)
    return cluster === undefined ? '' : epochs.of(cluster, method, cluster.eraFor(era))
  })
  const hasCursor = asked['cursor'] !== undefined
  const shown = [hasCursor, cursor, assistant?.shims]
  const key = [server.name, method, era, EVERYBODY, viaIn(call), params, ...shown]
  return { key: JSON.stringify(key), server, epoch: epoch.join('\n') }
}

/** A part of the caller's session lives at one of them, which is asked itself. */
const isBound = (call: Readonly<Listing>, members: readonly VirtualServerMember[]): boolean =>
  call.session?.members.some(({ cluster }) =>
    members.some(member => member.cluster === cluster),
  ) === true

/** What a legacy caller can do it has said once, in its session: a modern server that it is bridged to is told with each request. */
function declared(call: Readonly<Listing>): Readonly<Listing> {
  const { message, session } = call
  const capabilities = session?.client?.capabilities
  if (call.era === 'modern' || capabilities === undefined) return call
  const meta = { ...message.meta, [META.clientCapabilities]: capabilities }
  return { ...call, message: { ...message, meta } }
}

/** What a server may look at when it makes a list: where it goes on, and what its caller can do. */
function paramsOf(call: Readonly<Listing>, cursor: string | undefined): unknown {
  const capabilities = call.message.meta[META.clientCapabilities] ?? null
  const params = [cursor ?? null, call.version, capabilities]
  return JSON.stringify(params).length > LONGEST_PARAMS ? undefined : params
}

/** Nobody's leaving and nobody's haste ends what others wait for, too. */
function forEverybody({ nowMs }: ListPorts, call: Readonly<Listing>): Listing {
  const { session: _session, askedMs: _askedMs, ...rest } = call
  return { ...rest, gone: new AbortController().signal, arrivedMs: nowMs() }
}

/** A caller waits no longer than it says, and not at all once it has left. */
function unlessLate(
  { nowMs }: ListPorts,
  { gone, askedMs, arrivedMs }: Readonly<Listing>,
  work: Promise<PageAnswer>,
): Promise<PageAnswer> {
  return new Promise((resolve, reject) => {
    const late = (): void => resolve(LATE)
    const leftMs = askedMs === undefined ? undefined : arrivedMs + askedMs - nowMs()
    const timer = leftMs === undefined ? undefined : setTimeout(late, Math.max(0, leftMs))
    gone.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

const LATE: PageAnswer = {
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_NO_HEALTHY_REPLICA',
    says: 'No replica gave its list in time.',
    retryAfterMs: 1_000,
  },
}
