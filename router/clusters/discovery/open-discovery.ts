// Opens the discovery that a cluster's policy names. Several clusters may name the same source: each has its own memory of
// it, so that one cluster's checks never release what another still holds; questions to Consul and readings of a file are shared.
import { type Clock, type Random, systemClock, systemRandom } from '#foundation/clock.ts'
import type { DiscoveryPolicy } from '#routes/route-table.ts'
import { type ConsulAccessOptions, createConsulAccess } from './consul-access.ts'
import { createConsulDiscovery } from './consul-discovery.ts'
import { createConsulWatches } from './consul-watches.ts'
import { createDnsDiscovery } from './dns-discovery.ts'
import type { Discovery } from './instance.ts'
import { createJoinedDiscovery } from './joined-discovery.ts'
import { type DiscoveryLog, type DiscoveryPorts, systemWait, type Wait } from './ports.ts'
import { createRegistryDiscovery } from './registry-discovery.ts'
import { createRegistryTexts } from './registry-texts.ts'
import { createStaticDiscovery } from './static-discovery.ts'

export interface SourceOptions {
  /** Folder of the router's state; last good sets go to `discovery` inside it. */
  readonly stateDirectory: string
  readonly consul: ConsulAccessOptions
  /** A pino logger will do. */
  readonly log: DiscoveryLog
  readonly clock?: Clock
  readonly random?: Random
  readonly wait?: Wait
}

/** One a process: what its discoveries share. */
export interface Sources {
  readonly open: (policy: DiscoveryPolicy) => Discovery
  /** After every discovery that was opened here is closed. */
  readonly close: () => Promise<void>
}

export function createSources(outside: SourceOptions): Sources {
  const { stateDirectory, log } = outside
  const ports: DiscoveryPorts = {
    log,
    clock: outside.clock ?? systemClock,
    random: outside.random ?? systemRandom,
    wait: outside.wait ?? systemWait,
  }
  const watches = createConsulWatches(createConsulAccess(outside.consul, log), ports)
  const texts = createRegistryTexts()
  return {
    open(policy) {
      if (policy.kind === 'endpoints') return createStaticDiscovery(policy.endpoints, ports)
      if (policy.kind === 'registry') return createRegistryDiscovery({ ...policy, texts }, ports)
      if (policy.kind === 'dns') return createDnsDiscovery({ ...policy, stateDirectory }, ports)
      const { datacenters } = policy
      const own = (datacenter: string | undefined): Discovery =>
        createConsulDiscovery(
          { ...policy, ...(datacenter && { datacenter }), stateDirectory, watches },
          ports,
        )
      return datacenters === undefined
        ? own(policy.datacenter)
        : createJoinedDiscovery(datacenters.map(name => ({ name, discovery: own(name) })))
    },
    close: watches.close,
  }
}
