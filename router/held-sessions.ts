// Sessions at replicas that callers hold open: of each cluster as many as its document allows. What was not used for longest falls out, and
// is ended. One that was never used since it was opened goes before one that was, or who opens many would end those of all others.

/** Of the sessions of a cluster, those that were only opened. A caller that has just got its id must have time to use it. */
const FRESH_SHARE = 0.1
/** With one that comes: each is a farewell to send, and a newer table may allow thousands fewer. */
const MOST_AT_ONCE = 16

interface Held {
  readonly token: string
  readonly members: ReadonlyArray<{ readonly cluster: string }>
}

/** Each in the order of their last use, the oldest first. */
interface Lane {
  readonly fresh: Set<string>
  readonly used: Set<string>
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

  /** Tokens of those that fall out for it. */
  opened(session: Held): readonly string[] {
    return session.members.flatMap(({ cluster }) => {
      const place = this.#placeAt(cluster)
      if (place === undefined) return NONE
      place.lane.fresh.add(session.token)
      return this.#beyond(place, session.token)
    })
  }

  /** By any router: a session that another one opened is held here as well from its first use on. */
  used({ token, members }: Held): readonly string[] {
    let out: readonly string[] = NONE
    for (const { cluster } of members) {
      const place = this.#placeAt(cluster)
      if (place === undefined) continue
      const { fresh, used } = place.lane
      const isKnown = fresh.delete(token) || used.delete(token)
      used.add(token)
      if (!isKnown) out = [...out, ...this.#beyond(place, token)]
    }
    return out
  }

  forget({ token, members }: Held): void {
    for (const { cluster } of members) {
      const lane = this.#lanes.get(cluster)
      if (lane === undefined) continue
      lane.fresh.delete(token)
      lane.used.delete(token)
      if (lane.fresh.size + lane.used.size === 0) this.#lanes.delete(cluster)
    }
  }

  /** A session has parts at other clusters, so that one which is gone must not have it end: nothing is held there. */
  #placeAt(cluster: string): Place | undefined {
    const most = this.#ports.mostOf(cluster)
    if (most === undefined) {
      this.#lanes.delete(cluster)
      return undefined
    }
    const lane = this.#lanes.get(cluster) ?? { fresh: new Set(), used: new Set() }
    this.#lanes.set(cluster, lane)
    return { lane, most }
  }

  /** `newest` has come just now, and stays. */
  #beyond({ lane: { fresh, used }, most }: Place, newest: string): readonly string[] {
    let tooMany = Math.min(MOST_AT_ONCE, fresh.size + used.size - most)
    if (tooMany <= 0) return NONE
    const out: string[] = []
    const take = (lane: Set<string>, count: number): void => {
      for (const token of lane) {
        if (count <= 0) break
        if (token === newest || this.#ports.isBusy(token)) continue
        lane.delete(token)
        out.push(token)
        count -= 1
        tooMany -= 1
      }
    }
    const spared = Math.max(1, Math.floor(most * FRESH_SHARE))
    take(fresh, Math.min(tooMany, fresh.size - spared))
    take(used, tooMany)
    take(fresh, tooMany)
    return out
  }
}

const NONE: readonly string[] = Object.freeze([])
