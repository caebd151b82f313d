// The compiled, frozen, versioned result of all policy documents: the only form of policy the router reads.
import type { Criticality } from './criticality.ts'

/** Data classes in rising order. A cluster's clearance is the highest class its endpoints may carry. */
export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const
export type DataClass = (typeof DATA_CLASSES)[number]

export const ASSURANCES = ['standard', 'high'] as const
export type Assurance = (typeof ASSURANCES)[number]

/** `legacy` is every revision up to 2025-11-25, `modern` 2026-07-28 and later. */
export const ERAS = ['legacy', 'modern'] as const
export type Era = (typeof ERAS)[number]

export const EFFECTS = ['read', 'write'] as const
export const REPLAYS = ['safe', 'unsafe'] as const

/** What may be done for an assistant that needs it otherwise than the protocol has it. */
export const SHIMS = ['portable-names', 'flat-schemas', 'inlined-schemas', 'text-results'] as const
export type ShimName = (typeof SHIMS)[number]

/** One replica written into the document itself. */
export interface StaticEndpoint {
  readonly url: string
  /** Its share of the calls, as a multiple of a sibling's, 1 to 1000. */
  readonly weight: number
  readonly zone?: string
  readonly region?: string
}

export type DiscoveryPolicy =
  | { readonly kind: 'endpoints'; readonly endpoints: readonly StaticEndpoint[] }
  | {
      readonly kind: 'dns'
      readonly name: string
      readonly type: 'A' | 'AAAA' | 'SRV'
      /** Needed for A and AAAA; an SRV record carries its own. */
      readonly port?: number
      readonly refreshMs: number
      /** `host:port` of the resolver to ask; the system's when absent. */
      readonly server?: string
    }
  | { readonly kind: 'registry'; readonly file: string; readonly service: string }
  | {
      readonly kind: 'consul'
      readonly service: string
      readonly filter?: string
      readonly datacenter?: string
      /** In place of one: the nearest first, but for the router's own, which comes before all others. */
      readonly datacenters?: readonly string[]
    }

export interface HealthPolicy {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Successes in a row that bring an endpoint back. */
  readonly rise: number
  /** Failures in a row that take it out. */
  readonly fall: number
  /** Plain HTTP path to GET instead of speaking MCP; only where the document names one. */
  readonly path?: string
}

export interface EjectionPolicy {
  readonly consecutiveFaults: number
  readonly minSuccessRate: number
  readonly windowMs: number
  readonly baseMs: number
  readonly maxMs: number
  /** Share of the cluster, 0 to 1. */
  readonly maxEjected: number
}

export interface ConnectionPolicy {
  /** Calls one endpoint may have waiting for a first byte at once. */
  readonly perEndpoint: number
  /** As few as it is given when its answers say that it has too much to do. */
  readonly minPerEndpoint: number
  /** Open streams one endpoint may carry beside its calls. */
  readonly streams: number
  /** Calls that may wait for a free slot in this cluster. */
  readonly queue: number
  /** How long a call may wait there. */
  readonly waitMs: number
}

/** How replicas are spoken to over TLS. Certificates are always verified. */
export interface TlsPolicy {
  /** PEM file of the authorities to trust; the system's when absent. */
  readonly ca?: string
  /** Name that each certificate must carry; the replica's host when absent. */
  readonly serverName?: string
}

export interface ClusterPolicy {
  readonly name: string
  readonly owner?: string
  readonly vendor: string
  readonly clearance: DataClass
  readonly assurance: Assurance
  readonly discovery: DiscoveryPolicy
  /** Words and ranges, all that are meant: what no replica may have is not connected to. */
  readonly addresses: { readonly allow: readonly string[] }
  /** Present when every replica is spoken to over TLS, whatever discovery says of it. */
  readonly tls?: TlsPolicy
  /** URL path of the MCP endpoint on each replica, unless the replica names its own. */
  readonly path: string
  /** Pins what the replicas speak; probed when absent. */
  readonly eras?: readonly Era[]
  /** `agree`: replicas whose tools differ from those of most others are set apart. */
  readonly toolLists: 'agree' | 'any'
  readonly lists: ListPolicy
  readonly health: HealthPolicy
  readonly ejection: EjectionPolicy
  readonly connections: ConnectionPolicy
  /** That callers may hold open at its replicas, through one router. */
  readonly sessions: number
  /** Its replicas keep nothing in a session: one that the router opened for a call is used again for those of others. */
  readonly shareSessions: boolean
  readonly retry: RetryPolicy
  readonly timeouts: {
    /** From dispatch to the first byte of the answer. */
    readonly firstByteMs: number
    /** Longest silence inside a stream. */
    readonly idleMs: number
  }
  readonly deadline: {
    /** From the arrival of a call to the end of its answer; progress gives as much again. */
    readonly defaultMs: number
    /** What progress cannot exceed. */
    readonly maxMs: number
  }
}

/** For how long what its replicas list is believed. */
export interface ListPolicy {
  /** However short a time they say that it holds. */
  readonly minTtlMs: number
  readonly maxTtlMs: number
  /** What they say is public is told to every caller as that. */
  readonly mayBePublic: boolean
}

/** Bounds of what is sent a second time; beside them stands the deadline. */
export interface RetryPolicy {
  /** Times that one call may be sent again; 0 for never. */
  readonly max: number
  /** Retries for each call of the last two seconds, 0 to 1. */
  readonly budget: number
  /** Retries that may be made whatever the number of calls. */
  readonly minPerSecond: number
  /** Share of the calls in flight that may be retries, 0 to 1. */
  readonly maxConcurrent: number
}

export interface VirtualServerMember {
  readonly cluster: string
  /** Stands before `__` in the tool's name on the wire; absent when names are plain. */
  readonly prefix?: string
}

export interface VirtualServerPolicy {
  readonly name: string
  readonly owner?: string
  /** In the order of the document: the order of the merged lists. */
  readonly members: readonly VirtualServerMember[]
  readonly naming: 'prefix' | 'plain'
  /** Only what every assistant takes for a name is offered; any name when absent. */
  readonly names?: 'portable'
  /** A list of which one cluster gives nothing is none; the others' are served when absent. */
  readonly partialLists?: 'fail'
  /** Of its calls, unless their caller asks for less. */
  readonly criticality: Criticality
  readonly instructions?: string
}

/** What calling a tool does; one that no document names writes, and is unsafe to replay. */
export interface ToolPolicy {
  readonly effect: (typeof EFFECTS)[number]
  /** `safe`: the same call may run twice, as far as policy is concerned. */
  readonly replay: (typeof REPLAYS)[number]
  readonly hedge?: HedgePolicy
}

/** A read that is slow goes to a second replica as well. */
export interface HedgePolicy {
  /** After so long; after what 95 of 100 answers take, when absent. */
  readonly afterMs?: number
}

/** The rules for the tools of one cluster, by their own names. */
export interface ToolRules {
  readonly exact: Readonly<Record<string, ToolPolicy>>
  /** Longest first: the first that fits holds. */
  readonly beginnings: readonly { readonly beginning: string; readonly policy: ToolPolicy }[]
}

/** One maker's software. */
export interface AssistantPolicy {
  readonly name: string
  readonly shims: readonly ShimName[]
}

/** By one kind of words. */
export interface Recognition {
  readonly exact: Readonly<Record<string, AssistantPolicy>>
  /** Longest first: the first that fits holds. */
  readonly beginnings: readonly { readonly beginning: string; readonly policy: AssistantPolicy }[]
}

/** Who is known by what it says of itself. A client's name goes before its `User-Agent`. */
export interface AssistantRules {
  readonly clients: Recognition
  readonly userAgents: Recognition
}

export interface RouteTable {
  /** Hex digest of the content: equal content, equal version. */
  readonly version: string
  readonly clusters: Readonly<Record<string, ClusterPolicy>>
  readonly virtualServers: Readonly<Record<string, VirtualServerPolicy>>
  /** By cluster; beside the clusters, since another rule for a tool must not open its replicas' connections anew. */
  readonly tools: Readonly<Record<string, ToolRules>>
  /** Absent where no document names one. */
  readonly assistants?: AssistantRules
}

/** The virtual server at `/mcp`; any other is at `/mcp/<name>`. */
export const DEFAULT_VIRTUAL_SERVER = 'default'

/** Between a cluster's prefix and the tool's own name. */
export const NAME_SEPARATOR = '__'
