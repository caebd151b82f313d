// The real Consul and the fake behind one face, for what a router needs of either.
import { startConsulAgent } from '#test/support/consul-agent.ts'
import { type FakeReplica, startFakeConsul } from '#test/support/fake-consul.ts'

export interface ConsulRig {
  readonly url: string
  /** With a TTL check that passes. The note is a key of the metadata that means nothing to a router. */
  readonly put: (id: string, note?: string) => Promise<void>
  readonly remove: (id: string) => Promise<void>
  /** Sets the TTL check. */
  readonly check: (id: string, status: 'pass' | 'fail') => Promise<void>
  /** Undefined ends it. */
  readonly maintain: (id: string, reason: string | undefined) => Promise<void>
  readonly close: () => Promise<void>
}

export const SERVICE = 'mcp-contract'
const PORTS: Readonly<Record<string, number>> = { one: 9_001, two: 9_002, three: 9_003 }
/** Low, so that it is reached. */
export const MOST_CONNECTIONS = 4

const portOf = (id: string): number => PORTS[id] ?? 9_000

export async function realRig(bin: string): Promise<ConsulRig> {
  const agent = await startConsulAgent(bin)
  return {
    url: agent.url,
    put: (id, note = '') =>
      agent.register({ id, name: SERVICE, port: portOf(id), meta: { note }, check: 'passing' }),
    remove: agent.deregister,
    check: agent.check,
    maintain: (id, reason) => agent.maintenance(id, reason !== undefined, reason),
    close: agent.stop,
  }
}

export async function fakeRig(): Promise<ConsulRig> {
  const fake = await startFakeConsul()
  const beat = (id: string, status: string) => ({ id: `service:${id}`, status })
  const replica = (id: string, more: Partial<FakeReplica> = {}): FakeReplica => ({
    id,
    port: portOf(id),
    checks: [beat(id, 'passing')],
    ...more,
  })
  return {
    url: fake.url,
    put: async (id, note = '') => fake.register(SERVICE, replica(id, { meta: { note } })),
    remove: async id => fake.deregister(SERVICE, id),
    check: async (id, status) => {
      const checks = [beat(id, status === 'pass' ? 'passing' : 'critical')]
      fake.register(SERVICE, replica(id, { checks }))
    },
    async maintain(id, reason) {
      const maintenance = { id: `_service_maintenance:${id}`, status: 'critical' }
      const checks =
        reason === undefined
          ? [beat(id, 'passing')]
          : [beat(id, 'passing'), { ...maintenance, notes: reason }]
      fake.register(SERVICE, replica(id, { checks }))
    },
    close: fake.close,
  }
}

/** An agent that lets one address have only few connections. */
export async function realNarrow(bin: string): Promise<Pick<ConsulRig, 'url' | 'close'>> {
  const hcl = `limits { http_max_conns_per_client = ${MOST_CONNECTIONS} }`
  const { url, stop } = await startConsulAgent(bin, { hcl })
  return { url, close: stop }
}

export const fakeNarrow = (): Promise<Pick<ConsulRig, 'url' | 'close'>> =>
  startFakeConsul({ mostConnections: MOST_CONNECTIONS })
