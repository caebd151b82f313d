// The ways in which Consul can be gone, each with a beginning and an end: on the fake what a real agent cannot be made to show,
// on the real one what happens to its process.
import { type ConsulAgent, startConsulAgent } from './consul-agent.ts'
import { type ConsulFaultScript, type FakeConsul, startFakeConsul } from './fake-consul.ts'

export interface ConsulOutage {
  readonly name: string
  readonly begin: () => unknown
  /** Resolves when it can be registered at again. */
  readonly end: () => unknown
  /** What was registered before is forgotten. */
  readonly isAmnesia?: true
}

export interface OutageSource {
  readonly url: string
  readonly outages: readonly ConsulOutage[]
  readonly register: (name: string, port: number) => Promise<unknown>
  readonly deregister: (name: string) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Later than any outage here ends, and sooner than a router gives a blocked query up. */
const SLOW_MS = 20_000

const SPOILT: Readonly<Record<string, ConsulFaultScript>> = {
  'accepts, never answers': { kind: 'silent' },
  'status 500': { kind: 'status', status: 500, body: 'rpc error: No cluster leader' },
  'garbage for JSON': { kind: 'body', body: '[{"Node": <html>502 Bad Gateway</html>' },
  'index 0': { kind: 'index', index: '0' },
  'index backwards': { kind: 'backwards' },
  'no index': { kind: 'index', index: undefined },
  'empty and filtered by ACL': {
    kind: 'headers',
    headers: { 'x-consul-results-filtered-by-acls': 'true' },
    isEmpty: true,
  },
  'status 429': { kind: 'status', status: 429, body: 'too many requests' },
  'status 403': { kind: 'status', status: 403, body: 'Permission denied' },
  'status 400': { kind: 'status', status: 400, body: 'Bad request' },
  'headers after 20 s': { kind: 'slow', ms: SLOW_MS },
  'reset in mid-body': { kind: 'cut' },
  'no leader, old set': { kind: 'headers', headers: { 'x-consul-knownleader': 'false' } },
  'no leader, empty': {
    kind: 'headers',
    headers: { 'x-consul-knownleader': 'false' },
    isEmpty: true,
  },
  'last contact an hour ago': {
    kind: 'headers',
    headers: { 'x-consul-lastcontact': '3600000' },
  },
}

export async function openFakeOutages(service: string): Promise<OutageSource> {
  const fake = await startFakeConsul()
  return {
    url: fake.url,
    outages: [
      { name: 'refuses', begin: () => fake.refuse(true), end: () => fake.refuse(false) },
      ...Object.entries(SPOILT).map(([name, fault]) => spoilt(fake, name, fault)),
    ],
    register: async (id, port) => fake.register(service, { id, port }),
    deregister: async id => fake.deregister(service, id),
    close: fake.close,
  }
}

const spoilt = (fake: FakeConsul, name: string, fault: ConsulFaultScript): ConsulOutage => ({
  name,
  begin: () => fake.always(fault),
  end: () => fake.always(undefined),
})

export async function openRealOutages(bin: string, service: string): Promise<OutageSource> {
  const agent = await startConsulAgent(bin)
  return {
    url: agent.url,
    outages: [
      {
        name: 'real agent stopped (SIGSTOP)',
        begin: () => process.kill(agent.pid(), 'SIGSTOP'),
        end: () => process.kill(agent.pid(), 'SIGCONT'),
      },
      {
        name: 'real agent killed, back with nothing',
        begin: agent.kill,
        end: agent.restart,
        isAmnesia: true,
      },
      restartAtOnce(agent),
    ],
    register: (id, port) => agent.register({ id, name: service, port, check: 'passing' }),
    deregister: agent.deregister,
    close: agent.stop,
  }
}

/** Back before anybody noticed more than a reset, with an index below the one it had. */
const restartAtOnce = (agent: ConsulAgent): ConsulOutage => ({
  name: 'real agent restarted at once, data lost',
  begin: agent.restart,
  end: () => undefined,
  isAmnesia: true,
})
