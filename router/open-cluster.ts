// Opens the cluster that a policy describes, with what clusters of this router have in common.
import { systemClock, systemRandom } from '#foundation/clock.ts'
import type { Log } from '#foundation/log.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import type { OpenCluster } from './active-table.ts'
import { EraBalancers, type EraBalancersOptions } from './clusters/balancers/era-balancers.ts'
import { Cluster, type ClusterPorts } from './clusters/cluster.ts'
import type { Sources } from './clusters/discovery/open-discovery.ts'
import type { Overrides } from './overrides.ts'
import { createAddressGuard } from './upstream/address-guard.ts'
import { type CheckPorts, createCheck } from './upstream/mcp-check.ts'

export interface ClustersPorts
  extends CheckPorts,
    Pick<ClusterPorts, 'pace'>,
    Pick<EraBalancersOptions, 'here' | 'seed'> {
  readonly sources: Sources
  readonly log: Log
  readonly overrides: Pick<Overrides, 'about'>
}

export function clusterOpener(ports: ClustersPorts): OpenCluster {
  const { sources, log, pace, pools, here, seed, overrides } = ports
  return policy =>
    new Cluster(policy, {
      discovery: sources.open(policy.discovery),
      check: createCheck(policy, ports),
      pace,
      clock: systemClock,
      random: systemRandom,
      balancers: new EraBalancers({ here, seed, datacenters: datacentersOf(policy) }),
      decisions: overrides.about(policy.name),
      hostRefusal: createAddressGuard(policy.addresses.allow).hostRefusal,
      onRemoved: endpoint => pools.release(endpoint),
      log: (event, fields) => log.info({ event, ...fields }, event),
    })
}

const datacentersOf = ({ discovery }: ClusterPolicy): readonly string[] | undefined =>
  discovery.kind === 'consul' ? discovery.datacenters : undefined
