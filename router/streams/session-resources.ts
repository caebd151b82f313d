// Resources of which legacy sessions want to hear, where the router reaches their owner in another way than by the session: kept here, and
// told on the stream of the session. A session whose stream is at another router is told there only of what it subscribed to there.
import { LRUCache } from 'lru-cache'

/** Sessions with such resources; the one that has not been heard of longest falls out. */
const MOST_SESSIONS = 10_000
/** Of one session, at all clusters. */
export const MOST_RESOURCES = 256
/** Of their URIs together. */
const MOST_CHARACTERS = 32_768

/** The stream that is open. */
interface Listener {
  readonly hasRoomFor: (uri: string) => boolean
  readonly changed: () => Promise<void>
}

interface Kept {
  /** By cluster; by the owner's own names. */
  readonly uris: Map<string, Set<string>>
  /** Of the stream that is open: told when there are others. Bounded by the clusters. */
  readonly listeners: Map<string, Listener>
}

export class SessionResources {
  readonly #sessions = new LRUCache<string, Kept>({ max: MOST_SESSIONS })

  /** The set itself: it changes as the session subscribes. */
  of(token: string, cluster: string): Set<string> {
    const { uris } = this.#kept(token)
    const known = uris.get(cluster) ?? new Set()
    uris.set(cluster, known)
    return known
  }

  /** False: it has as many as it may have. Resolves when it is told. */
  async add(token: string, cluster: string, uri: string): Promise<boolean> {
    const { uris, listeners } = this.#kept(token)
    const of = this.of(token, cluster)
    const listener = listeners.get(cluster)
    if (!of.has(uri)) {
      const all = [...uris.values()].flatMap(some => [...some])
      const characters = all.reduce((sum, { length }) => sum + length, uri.length)
      if (all.length >= MOST_RESOURCES || characters > MOST_CHARACTERS) return false
      if (listener?.hasRoomFor(uri) === false) return false
    }
    of.add(uri)
    await listener?.changed()
    return true
  }

  async remove(token: string, cluster: string, uri: string): Promise<void> {
    this.of(token, cluster).delete(uri)
    await this.#kept(token).listeners.get(cluster)?.changed()
  }

  /** Returns what takes the listener away. */
  listen(token: string, cluster: string, listener: Listener): () => void {
    const { listeners } = this.#kept(token)
    listeners.set(cluster, listener)
    return () => {
      if (listeners.get(cluster) === listener) listeners.delete(cluster)
    }
  }

  forget(token: string): void {
    this.#sessions.delete(token)
  }

  #kept(token: string): Kept {
    const known = this.#sessions.get(token)
    if (known !== undefined) return known
    const kept: Kept = { uris: new Map(), listeners: new Map() }
    this.#sessions.set(token, kept)
    return kept
  }
}
