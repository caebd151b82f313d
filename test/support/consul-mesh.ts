// Tool servers registered in a real Consul, a router that finds them there, and calls under way all the time.
import type { ClusterView, EndpointView } from '#foundation/admin-views.ts'
import { type ConsulAgent, startConsulAgent } from './consul-agent.ts'
import { type Caller, openCaller } from './open-loop.ts'
import { callParams, modernRequest, type RawRequest } from './raw-http.ts'
import { clusterOf, documents, type RunningRouter, runRouter, serverOf } from './running-router.ts'
import { type ScriptedServer, startScripted } from './scripted-server.ts'
import { until } from './until.ts'

export interface ConsulMesh {
  readonly agent: ConsulAgent
  readonly router: RunningRouter
  readonly replicas: readonly ScriptedServer[]
  readonly caller: Caller
  readonly ask: RawRequest
  /** Starts one more and registers it. */
  readonly add: (name: string) => Promise<ScriptedServer>
  /** With a TTL check that passes until somebody fails it, and with more meta where a test says so. */
  readonly register: (
    server: ScriptedServer,
    meta?: Readonly<Record<string, string>>,
  ) => Promise<void>
  readonly cluster: () => Promise<ClusterView>
  readonly endpoint: (server: ScriptedServer) => Promise<EndpointView | undefined>
  readonly untilSeen: (server: ScriptedServer, isServing: boolean) => Promise<void>
  readonly close: () => Promise<void>
}

const SERVICE = 'mcp-tools'

export const consulDocuments = documents(
  clusterOf('tools', [], {
    discovery: { consul: { service: SERVICE } },
    addresses: { allow: ['loopback'] },
  }),
  serverOf('default', ['tools']),
)

export async function startConsulMesh(
  bin: string,
  names: readonly string[],
  state: string,
): Promise<ConsulMesh> {
  const agent = await startConsulAgent(bin)
  const replicas: ScriptedServer[] = []
  const register: ConsulMesh['register'] = ({ name, port }, more = {}) =>
    agent.register({
      id: name,
      name: SERVICE,
      port,
      meta: { 'rm-v': '1', ...more },
      check: 'passing',
    })
  const add = async (name: string): Promise<ScriptedServer> => {
    const server = await startScripted({ name })
    replicas.push(server)
    await register(server)
    return server
  }
  for (const name of names) await add(name)
  const router = await runRouter(consulDocuments, { env: { RINGMAIN_CONSUL: agent.url }, state })
  const caller = openCaller(router.mcpUrl)
  const cluster = async (): Promise<ClusterView> => {
    const [item] = (await router.clusters()).items
    if (item === undefined) throw new Error('the router shows no cluster')
    return item
  }
  const endpoint = async ({ name }: ScriptedServer): Promise<EndpointView | undefined> =>
    (await cluster()).endpoints.find(({ key }) => key.endsWith(`/${name}`))
  await router.untilUp('tools', names.length)
  return {
    agent,
    router,
    replicas,
    caller,
    ask: modernRequest('tools/call', callParams('echo')),
    add,
    register,
    cluster,
    endpoint,
    untilSeen: async (server, isServing) => {
      await until(`${server.name} to be ${isServing ? 'in' : 'out of'} service`, async () => {
        const view = await endpoint(server)
        return (view?.state === 'ready' && view.health === 'up' && !view.isHeld) === isServing
      })
    },
    close: async () => {
      await caller.close()
      await router.close()
      await agent.stop()
      await Promise.all(replicas.map(server => server.close()))
    },
  }
}

/** When the server was last called; before the test where never. */
export const lastCallMs = (server: ScriptedServer): number =>
  server.calls().at(-1)?.atMs ?? Number.NEGATIVE_INFINITY

/** Resolves when the server has been called after this moment, with how long after. */
export async function firstCallAfter(server: ScriptedServer, sinceMs: number): Promise<number> {
  const called = () => server.calls().find(({ atMs }) => atMs > sinceMs)
  const found = await until(`a call at ${server.name}`, called)
  return found.atMs - sinceMs
}
