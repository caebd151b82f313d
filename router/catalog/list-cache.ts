// Pages of lists that several callers ask for: one question for all of them, and one answer for as long as it holds. What has just ceased
// to hold is served once more while it is asked for anew, and for longer where nobody answers.
import { LRUCache } from 'lru-cache'
import type { Random } from '#foundation/clock.ts'
import type { Page, PageAnswer } from '#router/stages/gather.ts'
import type { ListPolicy } from '#routes/route-table.ts'

/** Bytes of definitions that are kept, of all clusters together. */
const MOST_BYTES = 67_108_864
/** Pages that are kept, for those that are small. */
const MOST_PAGES = 10_000
/** How old a page may be that is served because nobody gives a newer one. */
const KEPT_MS = 3_600_000
/** Of the time that a page holds, the last part, within which it is asked for anew: not by all routers at one moment. */
export const JITTER = 0.1

interface Entry {
  readonly page: Page
  /** What it was read of: another one is another list. */
  readonly epoch: string
  readonly asOfMs: number
  readonly ttlMs: number
}

export interface Wanted {
  /** Cluster, method, era, parameters and authorization context: whatever a list may depend on. */
  readonly key: string
  /** Changes with the replicas that serve and the tools that they agree on. */
  readonly epoch: string
  readonly policy: ListPolicy
  readonly fetch: () => Promise<PageAnswer>
}

export class ListCache {
  readonly #nowMs: () => number
  readonly #random: Random
  readonly #entries = new LRUCache<string, Entry>({
    max: MOST_PAGES,
    maxSize: MOST_BYTES,
    maxEntrySize: MOST_BYTES,
    sizeCalculation: ({ page }) => bytesOf(page),
  })
  /** Bounded by the questions under way, and those by the connections to replicas. */
  readonly #underWay = new Map<string, Promise<PageAnswer>>()

  constructor(ports: { readonly nowMs: () => number; readonly random: Random }) {
    this.#nowMs = ports.nowMs
    this.#random = ports.random
  }

  /** Never rejects, as `fetch` never does. */
  page(wanted: Wanted): Promise<PageAnswer> {
    const entry = this.#entries.get(wanted.key)
    if (entry?.epoch !== wanted.epoch) return this.#fetched(wanted, undefined)
    const ageMs = this.#nowMs() - entry.asOfMs
    if (ageMs >= 2 * entry.ttlMs) return this.#fetched(wanted, entry)
    if (ageMs > entry.ttlMs * (1 - JITTER * this.#random())) void this.#fetched(wanted, entry)
    return Promise.resolve(this.#told(entry))
  }

  #fetched(wanted: Wanted, stale: Entry | undefined): Promise<PageAnswer> {
    const { key, epoch } = wanted
    const place = `${epoch} ${key}`
    const underWay = this.#underWay.get(place)
    if (underWay !== undefined) return underWay
    const asking = this.#ask(wanted, stale).finally(() => this.#underWay.delete(place))
    this.#underWay.set(place, asking)
    return asking
  }

  async #ask({ key, epoch, policy, fetch }: Wanted, stale: Entry | undefined): Promise<PageAnswer> {
    const asOfMs = this.#nowMs() // what changes while it is asked for may not be in it
    const answer = await fetch()
    if (answer.kind === 'refuse') {
      const isKept = stale !== undefined && this.#nowMs() - stale.asOfMs < KEPT_MS
      return isKept && isSilence(answer) ? this.#told(stale) : answer
    }
    const { minTtlMs, maxTtlMs } = policy
    const ttlMs = Math.min(maxTtlMs, Math.max(minTtlMs, answer.page.ttlMs))
    const entry = { page: answer.page, epoch, asOfMs, ttlMs }
    this.#entries.set(key, entry)
    return this.#told(entry)
  }

  /** The page itself stays the same object, so that what was made of it need not be made again. */
  #told({ page, asOfMs, ttlMs }: Entry): PageAnswer {
    return { kind: 'page', page, leftMs: Math.max(0, asOfMs + ttlMs - this.#nowMs()) }
  }
}

/** No list came; one that was refused for its cursor, or by the tool server, is an answer. */
const isSilence = ({ refusal }: Extract<PageAnswer, { kind: 'refuse' }>): boolean =>
  refusal.code !== 'RINGMAIN_INVALID_PARAMS'

const bytesOf = ({ items }: Page): number =>
  1 + items.reduce((sum, { definition }) => sum + definition.length, 0)
