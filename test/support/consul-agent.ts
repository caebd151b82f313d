// A real Consul agent on free loopback ports, with its data in a folder of its own that goes when it stops.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface AgentService {
  readonly id: string
  readonly name: string
  readonly port: number
  readonly address?: string
  readonly meta?: Readonly<Record<string, string>>
  readonly weights?: { readonly Passing: number; readonly Warning: number }
  /** A TTL check in this state; none when absent. */
  readonly check?: 'passing' | 'warning' | 'critical'
}

export interface ConsulAgent {
  readonly url: string
  /** Where others of its datacenter join it, and servers of other ones: `127.0.0.1:port`. */
  readonly lan: string
  readonly wan: string
  /** `127.0.0.1:port` of its name server. */
  readonly dns: string
  readonly pid: () => number
  readonly register: (service: AgentService) => Promise<void>
  readonly deregister: (id: string) => Promise<void>
  readonly maintenance: (id: string, isOn: boolean, reason?: string) => Promise<void>
  /** Of the whole node. */
  readonly nodeMaintenance: (isOn: boolean, reason?: string) => Promise<void>
  /** Has this server and one of another datacenter know each other. */
  readonly joinWan: (other: ConsulAgent) => Promise<void>
  /** Sets the TTL check that `register` made. */
  readonly check: (id: string, status: 'pass' | 'warn' | 'fail') => Promise<void>
  /** Ends the process; the ports stay reserved for `restart`. */
  readonly kill: () => Promise<void>
  /** A new process on the same ports; one that is alone has an empty catalogue, since `-dev` keeps its data in memory. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

interface Ports {
  readonly http: number
  readonly dns: number
  readonly lan: number
  readonly wan: number
  readonly server: number
}

const LEADER_MS = 20_000

export interface ConsulAgentOptions {
  /** More of its configuration, in its own language. */
  readonly hcl?: string
  readonly node?: string
  /** Joins its datacenter there, as a client unless `hcl` says `server = true`, instead of being one by itself. */
  readonly joins?: string
  /** What the test itself comes with, where ACLs deny by default. */
  readonly token?: string
}

export async function startConsulAgent(
  bin: string,
  options: ConsulAgentOptions = {},
): Promise<ConsulAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmain-consul-'))
  const ports = await freePorts()
  const url = `http://127.0.0.1:${ports.http}`
  const { hcl = '', node = 'test-node', joins, token } = options
  const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token }
  const begin = () => launch(bin, ports, { folder, hcl, node, joins, headers })
  let running = await begin()
  const put = async (path: string, body?: unknown) => {
    const response = await fetch(`${url}/v1/agent/${path}`, {
      method: 'PUT',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`Consul answered ${response.status} to PUT ${path}: ${text}`)
  }
  return {
    url,
    lan: `127.0.0.1:${ports.lan}`,
    wan: `127.0.0.1:${ports.wan}`,
    dns: `127.0.0.1:${ports.dns}`,
    pid: () => running.pid ?? -1,
    register: service => put('service/register?replace-existing-checks=true', bodyOf(service)),
    deregister: id => put(`service/deregister/${encodeURIComponent(id)}`),
    maintenance: (id, isOn, reason = 'test') =>
      put(`service/maintenance/${id}?enable=${isOn}&reason=${encodeURIComponent(reason)}`),
    nodeMaintenance: (isOn, reason = 'test') =>
      put(`maintenance?enable=${isOn}&reason=${encodeURIComponent(reason)}`),
    joinWan: other => put(`join/${other.wan}?wan=1`),
    check: (id, status) => put(`check/${status}/service:${id}`),
    kill: () => end(running),
    async restart() {
      await end(running)
      running = await begin()
    },
    async stop() {
      await end(running)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function bodyOf({
  id,
  name,
  port,
  address = '127.0.0.1',
  meta = {},
  weights,
  check,
}: AgentService): object {
  return {
    ID: id,
    Name: name,
    Address: address,
    Port: port,
    Meta: meta,
    ...(weights === undefined ? {} : { Weights: weights }),
    ...(check === undefined
      ? {}
      : { Check: { CheckID: `service:${id}`, Name: `beat of ${id}`, TTL: '10m', Status: check } }),
  }
}

interface Launch {
  readonly folder: string
  readonly hcl: string
  readonly node: string
  readonly joins: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

async function launch(
  bin: string,
  ports: Ports,
  { folder, hcl, node, joins, headers }: Launch,
): Promise<ChildProcess> {
  const flags = {
    ...(joins === undefined ? {} : { 'data-dir': join(folder, 'data'), 'retry-join': joins }),
    node,
    bind: '127.0.0.1',
    client: '127.0.0.1',
    'http-port': ports.http,
    'dns-port': ports.dns,
    'grpc-port': -1,
    'grpc-tls-port': -1,
    'serf-lan-port': ports.lan,
    'serf-wan-port': ports.wan,
    'server-port': ports.server,
    'log-level': 'warn',
    // Without it the name server gives three records at most, and not always the same.
    hcl: `disable_update_check = true\ndns_config { udp_answer_limit = 100 }\n${hcl}`,
  }
  const child = spawn(
    bin,
    [
      'agent',
      ...(joins === undefined ? ['-dev'] : []),
      ...Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`),
    ],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, CHECKPOINT_DISABLE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  // A test process that ends by itself must not leave an agent behind.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('exit', () => process.removeListener('exit', onExit))
  try {
    await untilLeader(`http://127.0.0.1:${ports.http}`, child, { node, headers })
  } catch (cause) {
    await end(child)
    throw new Error(`Consul did not start: ${said}`, { cause })
  }
  return child
}

/** There is no event to wait for outside the process, so this asks until there is a leader and the node is known. */
async function untilLeader(
  url: string,
  child: ChildProcess,
  self: Pick<Launch, 'node' | 'headers'>,
): Promise<void> {
  const lastMs = performance.now() + LEADER_MS
  while (performance.now() < lastMs) {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`)
    if (await knowsItself(url, self)) return
    await sleep(50)
  }
  throw new Error(`no leader after ${LEADER_MS} ms`)
}

async function knowsItself(
  url: string,
  { node, headers }: Pick<Launch, 'node' | 'headers'>,
): Promise<boolean> {
  try {
    const leader = await fetch(`${url}/v1/status/leader`)
    if (!leader.ok || (await leader.text()).startsWith('""')) return false
    const self = await fetch(`${url}/v1/health/node/${node}`, { headers })
    return self.ok && (await self.text()).includes('serfHealth')
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** All are held at once before any is let go, so that no two are the same. */
async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const [http = 0, dns = 0, lan = 0, wan = 0, server = 0] = servers.map(server => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return { http, dns, lan, wan, server }
}
