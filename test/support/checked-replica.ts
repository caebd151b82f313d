// The active check of one small real server, as the router's own checker would run it.
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '#foundation/clock.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import { createCheck } from '#router/upstream/mcp-check.ts'
import { Pools } from '#router/upstream/pools.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { clusterPolicy, HEALTH, instanceAt } from './cluster-policy.ts'
import { type Script, type SmallReplica, startReplica } from './small-replica.ts'

export interface Checked {
  readonly replica: SmallReplica
  readonly endpoint: Endpoint
  readonly pools: Pools
  readonly check: (isDeep?: boolean) => Promise<CheckResult>
}

export async function checked(
  t: TestContext,
  script: Script,
  { clock = systemClock, ...differences }: Partial<ClusterPolicy> & { readonly clock?: Clock } = {},
): Promise<Checked> {
  const replica = await startReplica(t, script)
  const endpoint = new Endpoint(instanceAt(replica.port))
  const pools = new Pools()
  t.after(() => pools.close())
  let id = 1_000
  const policy = clusterPolicy('c', { health: { ...HEALTH, timeoutMs: 300 }, ...differences })
  const check = createCheck(policy, {
    pools,
    clock,
    nextId: () => (id += 1),
    client: { name: 'ringmain', version: '1' },
    routerId: 'r1',
  })
  return {
    replica,
    endpoint,
    pools,
    check: async (isDeep = true) => {
      const result = await check(endpoint, isDeep)
      if (result.ok && result.learned !== undefined) endpoint.learned = result.learned
      return result
    },
  }
}
