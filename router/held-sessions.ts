// Sessions at replicas that callers hold open: of each cluster as many as its document allows. Beyond that one falls out, and is ended: one
// that was never used since it was opened before one that was, or who opens many would end those of all others; and of those the one not
// used for longest by whoever holds most, so that nobody can take all places by using them.
import { ByHolder } from './by-holder.ts'

/** Of the sessions of a cluster, those that were only opened. A caller that has just got its id must have time to use it. */
const FRESH_SHARE = 0.1
/** With one that comes: each is a farewell to send, and a newer table may allow thousands fewer. */
const MOST_AT_ONCE = 16

interface Held {
  readonly token: string
  readonly members: ReadonlyArray<{ readonly cluster: string }>
}

interface Lane {
  readonly fresh: ByHolder
  readonly used: ByHolder
}

interface Place {
  readonly lane: Lane
  readonly most: number
}

export interface HeldPorts {
  /** How many the document of a cluster allows; undefined where there is none any more, and so nothing to end there. */
  readonly mostOf: (cluster: string) => number | undefined
  /** Something of it is under way: it does not fall out. */
  readonly isBusy: (token: string) => boolean
}

export class HeldSessions {
  readonly #ports: HeldPorts
  /** Bounded by the clusters that ever kept sessions, and each lane by its document, what is under way, and what a newer document has yet to end. */
  readonly #lanes = new Map<string, Lane>()

  constructor(ports: HeldPorts) {
    this.#ports = ports
  }

  /** Tokens of those that fall out for it. `by`: its caller, as far as that is known. */
  opened(session: Held, by: string): readonly string[] {
    return session.members.flatMap(({ cluster }) => {
      const place = this.#placeAt(cluster)
      if (place === undefined) return NONE
      place.lane.fresh.put(session.token, by)
      return this.#beyond(place, session.token)
    })
  }

  /** By any router: a session that another one opened is held here as well from its first use on. It stays with whom it counted for first. */
  used({ token, members }: Held, by: string): readonly string[] {
    let out: readonly string[] = NONE
    for (const { cluster } of members) {
      const place = this.#placeAt(cluster)
      if (place === undefined) continue
      const { fresh, used } = place.lane
      const holder = fresh.delete(token) ?? used.delete(token)
      used.put(token, holder ?? by)
      if (holder === undefined) out = [...out, ...this.#beyond(place, token)]
    }
    return out
  }

  forget({ token, members }: Held): void {
    for (const { cluster } of members) {
      const lane = this.#lanes.get(cluster)
      if (lane === undefined) continue
      lane.fresh.delete(token)
      lane.used.delete(token)
      if (sizeOf(lane) === 0) this.#lanes.delete(cluster)
    }
  }

  /** A session has parts at other clusters, so that one which is gone must not have it end: nothing is held there. */
  #placeAt(cluster: string): Place | undefined {
    const most = this.#ports.mostOf(cluster)
    if (most === undefined) {
      this.#lanes.delete(cluster)
      return undefined
    }
    const lane = this.#lanes.get(cluster) ?? { fresh: new ByHolder(), used: new ByHolder() }
    this.#lanes.set(cluster, lane)
    return { lane, most }
  }

  /** `newest` has come just now, and stays. */
  #beyond(place: Place, newest: string): readonly string[] {
    const tooMany = Math.min(MOST_AT_ONCE, sizeOf(place.lane) - place.most)
    if (tooMany <= 0) return NONE
    const out: string[] = []
    while (out.length < tooMany) {
      const token = this.#next(place, newest)
      if (token === undefined) break
      place.lane.fresh.delete(token)
      place.lane.used.delete(token)
      out.push(token)
    }
    return out
  }

  #next({ lane: { fresh, used }, most }: Place, newest: string): string | undefined {
    const spared = Math.max(1, Math.floor(most * FRESH_SHARE))
    const ofFresh = (): string | undefined => this.#leaving(fresh, spared, newest)
    const ofUsed = (): string | undefined => this.#leaving(used, most - spared, newest)
    return fresh.size > spared ? (ofFresh() ?? ofUsed()) : (ofUsed() ?? ofFresh())
  }

  /**
   * Whoever holds no more than an even part gives none up, though all that others hold be busy: then there are more for a while, as
   * each of those is a call, which ends.
   */
  #leaving(tokens: ByHolder, most: number, newest: string): string | undefined {
    const evenPart = Math.floor(most / tokens.holders)
    for (const held of tokens.byMost()) {
      if (held.size <= evenPart) return undefined
      for (const token of held) if (token !== newest && !this.#ports.isBusy(token)) return token
    }
    return undefined
  }
}

const sizeOf = ({ fresh, used }: Lane): number => fresh.size + used.size

const NONE: readonly string[] = Object.freeze([])
