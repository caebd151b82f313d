// What discovery knows of one replica, whatever the source. The contract every provider's test suite is run against.
import type { Era } from '#routes/route-table.ts'

/** Of one source: twice what a router is made for. */
export const MOST_INSTANCES = 20_000

export interface Instance {
  /** Stable and unique within its cluster across restarts of the router: `node/service-id`, or `host:port`. */
  readonly key: string
  /** IP address or host name; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Set when the replica is spoken to over TLS. */
  readonly tls?: boolean
  /** Path of the MCP endpoint when the source names one; the cluster's own applies otherwise. */
  readonly path?: string
  /** Its share of the calls, as a multiple of a sibling's, 1 to 1000. */
  readonly weight: number
  /** `down`: the source itself says it must not be routed (failed check, maintenance). */
  readonly state: 'ready' | 'draining' | 'down'
  /** Why it is not ready, or the source thinks so, in the source's words. */
  readonly reason?: string
  /** The source takes it for down because a check failed, and nobody took it out. A mass of them says more of the source than of them. */
  readonly hasFailedCheck?: true
  readonly zone?: string
  readonly region?: string
  /** Host that it runs on, by the name that its source has for it. */
  readonly node?: string
  /** Of the source that listed it, where a cluster has several. */
  readonly datacenter?: string
  /** Calls at once that it states as its most; where the document says fewer, that stands. */
  readonly concurrency?: number
  /** Eras the replica claims, from its meta; a hint that the probe confirms. */
  readonly eras?: readonly Era[]
  /**
   * What else it registered about itself, by the name of the key without `rm-`: `class-max`, `tools-rev`, `vendor`…
   * Its own word: it may lower what the replica is trusted with and never raise it.
   */
  readonly claims?: Readonly<Record<string, string>>
  /** Ready in the last good set, absent from the newest or down there by its check; kept until the router's own check fails. */
  readonly isHeld?: boolean
}

export interface Snapshot {
  readonly instances: readonly Instance[]
  /** Wall-clock milliseconds of the answer these instances come from. */
  readonly asOfMs: number
  /** `disk`: the last good set of an earlier run, because the source does not answer. */
  readonly from: 'source' | 'disk'
}

/** For `/readyz`, `/debug/clusters` and metrics. */
export interface DiscoveryStatus {
  readonly kind: string
  readonly isSynced: boolean
  /** Set while the newest attempt failed, or the source says its answer may be old. */
  readonly problem?: string
  readonly failuresInRow: number
  /** Wall-clock milliseconds of the newest answer, changed or not; absent before the first. */
  readonly answeredAtMs?: number
  /** What the newest answer says that was ignored, and why: unreadable meta, an instance without a port. */
  readonly notes?: readonly string[]
  /** Which of several sources of one kind is asked now, such as the URL of a Consul agent. */
  readonly agent?: string
  /** How Consul got its newest answer: `streaming` or `blocking-query`. */
  readonly backend?: string
  /** How often the watch broke by our own fault and began again; absent when never. */
  readonly defects?: number
}

export interface Discovery {
  /**
   * Begins to watch. `publish` is called with each changed set, never twice with equal content, never after `close`.
   * A set from disk that the source then confirms is published again as `from: 'source'`.
   * A source that fails keeps the last set: an empty set is published only when the source itself says empty.
   */
  readonly start: (publish: (snapshot: Snapshot) => void) => void
  readonly status: () => DiscoveryStatus
  /**
   * The router's own check of a held instance failed: it may now be removed.
   * Providers without a removal guard ignore it.
   */
  readonly release: (key: string) => void
  readonly close: () => Promise<void>
}
