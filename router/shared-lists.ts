// The lists of all clusters as callers get them: from the catalog where it may serve them, and within a caller's own session from there.
import type { Log } from '#foundation/log.ts'
import type { Sealer } from '#foundation/seal.ts'
import type { Told } from './capabilities.ts'
import { LeftOutLog } from './catalog/left-out-log.ts'
import { ListCache } from './catalog/list-cache.ts'
import { MergedLists, openCursor, type Rivals } from './catalog/merged-list.ts'
import type { Cluster } from './clusters/cluster.ts'
import { META } from './eras/versions.ts'
import { viaIn } from './eras/via.ts'
import { fetchPage, type ListPorts } from './list-pages.ts'
import type { Listing, Lists, PageAnswer } from './stages/gather.ts'
import { isOffered } from './stages/owners.ts'

export interface SharedListPorts extends ListPorts {
  readonly sealer: Sealer
  /** What lists leave out is told. */
  readonly log: Pick<Log, 'warn'>
}

/** Callers are not told apart yet, but by the routers before this one: all of them are one authorization context. */
const EVERYBODY = 'everybody'
/** Of what a list may depend on, in characters of JSON; who declares more is asked for alone. */
const LONGEST_PARAMS = 2_048

export interface SharedLists extends Lists {
  /** A replica tells that its list is another one now: what is kept of it is not served again. */
  readonly changed: (cluster: Cluster, of: Told) => void
}

/** Which lists are others when a server says so: it has one word for resources and their templates. */
const LISTS_OF: Readonly<Record<Told, readonly string[]>> = {
  tools: ['tools/list'],
  prompts: ['prompts/list'],
  resources: ['resources/list', 'resources/templates/list'],
}

export function sharedLists(ports: SharedListPorts): SharedLists {
  const cache = new ListCache(ports)
  const told = new LeftOutLog((event, fields) => ports.log.warn({ event, ...fields }, event))
  const merged = new MergedLists({ ...ports, rivals: rivalsOf(ports), onLeftOut: told.tell })
  /** Bounded by the clusters that live. A cluster that a newer table brings is another one, under whatever name. */
  const serials = new WeakMap<Cluster, number>()
  let newest = 0
  const serialOf = (cluster: Cluster): number => {
    const serial = serials.get(cluster) ?? (newest += 1)
    serials.set(cluster, serial)
    return serial
  }
  /** Changes that were told, by list. Bounded by the clusters that live and the lists that there are. */
  const changes = new WeakMap<Cluster, Map<string, number>>()
  const changesOf = (cluster: Cluster, method: string): number =>
    changes.get(cluster)?.get(method) ?? 0
  const page: Lists['page'] = (call, member, cursor) => {
    const cluster = ports.active.cluster(member.cluster)
    const params = paramsOf(call, cursor)
    const isBound = call.session?.members.some(({ cluster: name }) => name === member.cluster)
    if (cluster === undefined || isBound === true || params === undefined)
      return fetchPage(ports, call, member, cursor)
    const spoken = cluster.eraFor(call.era)
    const wanted = {
      key: JSON.stringify([
        member.cluster,
        call.message.method,
        call.era,
        spoken,
        EVERYBODY,
        viaIn(call),
        params,
      ]),
      epoch: `${serialOf(cluster)} ${cluster.listVersion(spoken)} ${changesOf(cluster, call.message.method)}`,
      policy: cluster.policy.lists,
      fetch: () => fetchPage(ports, forEverybody(ports, call), member, cursor),
    }
    return unlessLate(ports, call, cache.page(wanted))
  }
  return {
    page,
    changed: (cluster, of) => {
      const counts = changes.get(cluster) ?? new Map<string, number>()
      changes.set(cluster, counts)
      for (const method of LISTS_OF[of]) counts.set(method, (counts.get(method) ?? 0) + 1)
    },
    openCursor: (call, cursor) => openCursor(ports.sealer, call, cursor),
    encode: (call, list) =>
      merged.encode(
        call,
        list,
        ({ cluster }) => ports.active.cluster(cluster)?.policy.lists.mayBePublic === true,
      ),
  }
}

/** By the same word of the replicas by which a call of a plain name finds its owner. */
const rivalsOf = ({ active }: SharedListPorts): Rivals => ({
  version: ({ era, server }) =>
    server.members
      .map(({ cluster: name }) => {
        const cluster = active.cluster(name)
        return cluster?.listVersion(cluster.eraFor(era)) ?? ''
      })
      .join(' '),
  offers: (cluster, own) => isOffered(active.cluster(cluster)?.tool(own)),
})

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
