// What the router's admin listener shows as JSON: the contract between `router/admin` and the command line.

/** Versioned envelope of every list: `{ apiVersion, kind, items, meta }`. */
export interface Listing<Kind extends string, Item> {
  readonly apiVersion: 'ringmain/v1'
  readonly kind: Kind
  readonly items: readonly Item[]
  readonly meta: Readonly<Record<string, unknown>>
}

/** `GET /readyz`: 200 when ready, else 503; the same body both times. */
export interface ReadyView {
  readonly ready: boolean
  readonly draining: boolean
  readonly checks: readonly { readonly id: string; readonly ok: boolean; readonly detail: string }[]
}

/** What a list does not show of what one cluster offers. */
export interface LeftOutView {
  readonly cluster: string
  readonly list: string
  /** To whom alone; to everybody when absent. */
  readonly assistant?: string
  readonly count: number
  /** Some of them, each with the reason. */
  readonly named: readonly string[]
}

/** `GET /debug/router` */
export interface RouterView {
  readonly version: string
  readonly pid: number
  readonly uptimeMs: number
  readonly mcp: string
  readonly admin: string
  readonly table: {
    readonly version: string
    readonly loadedAtMs: number
    /** Set while the documents on disk do not compile and the table before them is still served. */
    readonly problem?: string
    /** Since the folder last held what is served; beside `problem` only. */
    readonly ageMs?: number
  }
  readonly virtualServers: readonly {
    readonly name: string
    readonly path: string
    readonly clusters: readonly string[]
    /** Absent where its lists show all that their clusters offer. */
    readonly leftOut?: readonly LeftOutView[]
  }[]
  readonly calls: {
    readonly total: number
    readonly refused: number
    readonly inFlight: number
    readonly streams: number
  }
  readonly overload: {
    /** 0 normal; 1 to 3: so many criticalities are refused, the lowest first; 4: no new connections either. */
    readonly level: number
    readonly says: string
    readonly loopDelayMs: number
    readonly busyShare: number
    readonly heapShare: number
    readonly inFlight: number
    readonly oldestWaitMs: number
    /** Calls refused so far, by criticality. */
    readonly shed: Readonly<Record<string, number>>
  }
}

/** Of the breaker that failing calls open. */
export interface BreakerState {
  /** `half_open`: one call is let through to try it. */
  readonly state: 'closed' | 'open' | 'half_open'
  /** In words. */
  readonly why?: string
  readonly sinceAgoMs?: number
  readonly probeInMs?: number
  /** Held so by hand. */
  readonly isForced: boolean
  /** Its calls fail, and it stays only because so many are out already. */
  readonly wouldBeEjected: boolean
}

/** What somebody has decided about a replica for a while. */
export interface OverrideView {
  readonly state?: 'draining' | 'down'
  readonly weight?: number
  readonly reason: string
  readonly endsInMs: number
}

export interface EndpointView {
  readonly key: string
  readonly url: string
  /** What the source says. */
  readonly state: 'ready' | 'draining' | 'down'
  /** What the router's own checks say; `unknown` before the first. */
  readonly health: 'up' | 'down' | 'unknown'
  /** Why it takes no calls, when it takes none. */
  readonly reason?: string
  readonly eras: readonly string[]
  readonly weight: number
  /** How near it is to the router; absent before its first check. */
  readonly tier?: 'host' | 'zone' | 'region' | 'remote'
  readonly node?: string
  readonly zone?: string
  readonly region?: string
  readonly datacenter?: string
  /** Calls at once that it states as its most. */
  readonly concurrency?: number
  /** What the replica says of itself in `rm-…` meta beyond that; never more than policy allows. */
  readonly claims?: Readonly<Record<string, string>>
  readonly isHeld: boolean
  /**
   * Up, and given nothing new of an era that it speaks: its list of tools differs from that of the replicas that serve, or is not
   * known. The reason says which.
   */
  readonly isApart: boolean
  /** Absent before its first call has ended. */
  readonly breaker?: BreakerState
  readonly override?: OverrideView
  /** Of its whole list of tools, as modern callers see it where it speaks to them; absent when that is not known. */
  readonly toolsDigest?: string
  /** The same, of the list that it tells to legacy callers, where it speaks to both. */
  readonly legacyToolsDigest?: string
  readonly ewmaMs: number
  /** Calls at once that it is given now; absent while nothing it answered says that they are too many. */
  readonly limit?: number
  readonly inFlight: number
  readonly streams: number
  readonly calls: number
  readonly faults: number
  /** Milliseconds since the last check ended; absent before the first. */
  readonly checkedAgoMs?: number
}

export interface ClusterView {
  readonly name: string
  readonly vendor: string
  readonly owner?: string
  readonly clearance: string
  readonly assurance: string
  readonly discovery: {
    readonly kind: string
    readonly isSynced: boolean
    readonly from?: 'source' | 'disk'
    /** Milliseconds since the source last answered; since the set was written, when it is from disk. */
    readonly ageMs?: number
    readonly problem?: string
    /** The Consul agent that is asked. */
    readonly agent?: string
    /** How Consul got its newest answer: `streaming` or `blocking-query`. */
    readonly backend?: string
    /** How often the watch broke by the router's own fault. */
    readonly defects?: number
    /** What was odd in an answer that was used all the same: meta that was ignored, a name nobody registered. */
    readonly notes?: readonly string[]
  }
  /** Calls waiting for a free slot. */
  readonly waiting: number
  /** What is odd about its replicas together, and changes nothing: revisions that they state and their lists belie. */
  readonly notes?: readonly string[]
  readonly endpoints: readonly EndpointView[]
}

/** `GET /debug/clusters` */
export type ClusterList = Listing<'ClusterList', ClusterView>
