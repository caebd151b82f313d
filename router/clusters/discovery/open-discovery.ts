// Opens the discovery that a cluster's policy names. Several clusters may watch the same source: each has its own loop,
// so that one cluster's checks never release what another still holds.
import { type Clock, type Random, systemClock, systemRandom } from '#foundation/clock.ts'
import type { DiscoveryPolicy } from '#routes/route-table.ts'
import { createConsulDiscovery } from './consul-discovery.ts'
import { createDnsDiscovery } from './dns-discovery.ts'
import type { Discovery } from './instance.ts'
import { type DiscoveryLog, type DiscoveryPorts, systemWait, type Wait } from './ports.ts'
import { createRegistryDiscovery } from './registry-discovery.ts'
import { createStaticDiscovery } from './static-discovery.ts'

export interface OpenDiscoveryPorts {
  /** Folder of the router's state; last good sets go to `discovery` inside it. */
  readonly stateDirectory: string
  /** Base URLs of Consul agents, in order of preference. */
  readonly consulAgents: readonly string[]
  readonly consulToken?: string | undefined
  /** A pino logger will do. */
  readonly log: DiscoveryLog
  readonly clock?: Clock
  readonly random?: Random
  readonly wait?: Wait
}

export function openDiscovery(policy: DiscoveryPolicy, outside: OpenDiscoveryPorts): Discovery {
  const { stateDirectory, consulAgents, consulToken, log } = outside
  const ports: DiscoveryPorts = {
    log,
    clock: outside.clock ?? systemClock,
    random: outside.random ?? systemRandom,
    wait: outside.wait ?? systemWait,
  }
  if (policy.kind === 'endpoints') return createStaticDiscovery(policy.endpoints, ports)
  if (policy.kind === 'registry') return createRegistryDiscovery(policy, ports)
  if (policy.kind === 'dns') return createDnsDiscovery({ ...policy, stateDirectory }, ports)
  return createConsulDiscovery(
    { ...policy, stateDirectory, agents: consulAgents, token: consulToken },
    ports,
  )
}
