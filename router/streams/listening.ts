// What one stream of a caller listens to: the watches of clusters, each with what it wants to hear of them, as the caller's era says it.
import type { Told } from '#router/capabilities.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'
import { wireUri } from '#routes/wire-names.ts'
import { type CallerStream, eventOf } from './caller-stream.ts'
import { listChanged } from './changes.ts'
import type { ClusterWatch, Watcher } from './cluster-watch.ts'
import { noticeFor } from './notices.ts'

/** What is wanted of one cluster. */
export interface Wanted {
  readonly member: VirtualServerMember
  readonly lists: ReadonlySet<Told>
  /** By the replicas' own names; may change. */
  readonly uris: Set<string>
}

/** Adds the stream to the watch, and takes it away when it is over. Resolves when what it wants is told. */
export function listenTo(
  watch: ClusterWatch,
  stream: CallerStream,
  wanted: Wanted & { readonly subscriptionJson?: string },
): { readonly watcher: Watcher; readonly ready: Promise<void> } {
  const { member, lists, uris, subscriptionJson } = wanted
  const under = subscriptionJson === undefined ? {} : { subscriptionJson }
  const put = (key: string, json: Buffer, more: { readonly uri?: string } = {}): void => {
    const notice = noticeFor(json, { ...under, ...more })
    if (notice !== undefined) stream.put(key, eventOf(notice))
  }
  const watcher: Watcher = {
    uris,
    isPromised: () => stream.isBegun,
    onList: (of, json) => {
      if (lists.has(of)) put(of, json)
    },
    onResource: (own, json) => {
      const uri = wireUri(member, own)
      put(`resource ${uri}`, json, { uri })
    },
  }
  const ready = watch.add(watcher)
  stream.onOver(() => watch.remove(watcher))
  return { watcher, ready }
}

/** That these lists are others now, in the words of the router. */
export function tellLists(
  stream: CallerStream,
  lists: Iterable<Told>,
  subscriptionJson?: string,
): void {
  const under = subscriptionJson === undefined ? {} : { subscriptionJson }
  for (const of of lists) {
    const notice = noticeFor(listChanged(of), under)
    if (notice !== undefined) stream.put(of, eventOf(notice))
  }
}
