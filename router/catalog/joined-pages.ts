// Merged pages that are kept as they went out, so that the next caller alike costs a look and a write, however many clusters are in them.
// Their definitions are those of the pages that they were joined of, and are not copied.
import { LRUCache } from 'lru-cache'
import type { Random } from '#foundation/clock.ts'
import type { EncodedList } from '#router/eras/item-list.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { JITTER } from './list-cache.ts'

/** Bytes of definitions that are held by them, although they are held elsewhere as well for as long as they are new. */
const MOST_BYTES = 67_108_864
const MOST_PAGES = 1_000

/** All of a merged page but for how long it still holds. */
export type Joined = Omit<EncodedList, 'ttlMs'>

/** Which page of which list. */
export interface Place {
  /** Method, parameters and authorization context: whatever a list may depend on. */
  readonly key: string
  readonly server: VirtualServerPolicy
  /** Of all its clusters together, from before the first of them was asked. */
  readonly epoch: string
}

interface Kept extends Place {
  readonly joined: Joined
  readonly endMs: number
  /** From here on each cluster's own page is looked at again, as that may have to be asked for anew. */
  readonly untilMs: number
}

export class JoinedPages {
  readonly #nowMs: () => number
  readonly #random: Random
  readonly #kept = new LRUCache<string, Kept>({
    max: MOST_PAGES,
    maxSize: MOST_BYTES,
    maxEntrySize: MOST_BYTES,
    sizeCalculation: ({ joined }) =>
      1 + joined.items.reduce((sum, { length }) => sum + length, joined.nextCursor?.length ?? 0),
  })

  constructor(ports: { readonly nowMs: () => number; readonly random: Random }) {
    this.#nowMs = ports.nowMs
    this.#random = ports.random
  }

  /** Undefined where it must be joined anew. */
  get({ key, server, epoch }: Place): EncodedList | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    const nowMs = this.#nowMs()
    if (kept.server === server && kept.epoch === epoch && nowMs < kept.untilMs)
      return { ...kept.joined, ttlMs: Math.floor(kept.endMs - nowMs) }
    this.#kept.delete(key)
    return undefined
  }

  /** Not where a cluster is missing, which may be back at any moment. */
  keep(place: Place, { ttlMs, ...joined }: EncodedList): void {
    if (ttlMs <= 0 || joined.unavailable.length > 0) return
    const nowMs = this.#nowMs()
    const untilMs = nowMs + ttlMs * (1 - JITTER * this.#random())
    this.#kept.set(place.key, { ...place, joined, endMs: nowMs + ttlMs, untilMs })
  }
}
