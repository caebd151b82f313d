// What a source of replicas must let the discovery contract do to it.
import type { Discovery } from '#router/clusters/discovery/instance.ts'

export interface RigReplica {
  readonly id: string
  readonly port: number
  readonly weight?: number
  readonly isDraining?: boolean
}

export interface DiscoveryRig {
  /** A provider on this source; may be opened again, as after a restart of the router. */
  readonly open: () => Discovery
  /** Adds the replica, or replaces the one of its id. */
  readonly put: (replica: RigReplica) => Promise<void>
  readonly remove: (id: string) => Promise<void>
  /** Says the same again in another form: another order, another check output, another stamp. */
  readonly repeat: () => Promise<void>
  readonly fail: () => Promise<void>
  readonly heal: () => Promise<void>
  readonly close: () => Promise<void>
}

export type Ability = Exclude<keyof DiscoveryRig, 'open' | 'close'> | 'weigh' | 'drain' | 'hold'

/** What a rig puts into its source before it is handed over. */
export const firstReplicas: readonly RigReplica[] = [
  { id: 'one', port: 9_001 },
  { id: 'two', port: 9_002 },
]
