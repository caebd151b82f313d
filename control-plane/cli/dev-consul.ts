// A real Consul agent for the demo: found, never built here, and started on free loopback ports.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findTool } from '#deploy/tools/find.mjs'
import { type Child, startChild } from './dev-child.ts'
import { type ConsulPorts, consulFolder, logFile } from './dev-files.ts'
import { freePorts } from './dev-ports.ts'
import { EXIT, Failure, reasonOf } from './failure.ts'

const LEADER_LIMIT_MS = 30_000
const LOOK_EVERY_MS = 100
const USUAL_HTTP_PORT = 8500

export function mustFindConsul(env: Readonly<Record<string, string | undefined>>): string {
  let why = 'CONSUL_BIN is not set, .tools/bin/consul does not exist, and PATH holds none'
  try {
    const bin = findTool('consul', env)
    if (bin !== undefined) return bin
  } catch (error) {
    why = reasonOf(error)
  }
  throw new Failure(EXIT.failed, {
    code: 'no_consul',
    what: 'there is no Consul to start',
    why,
    next: 'npm run tools:consul builds one; npm start alone needs none',
  })
}

export async function chooseConsulPorts(): Promise<ConsulPorts> {
  const [http = 0, serf = 0, server = 0] = await freePorts(3, USUAL_HTTP_PORT)
  return { http, serf, server }
}

export interface ConsulAgent {
  readonly child: Child
  readonly pid: number
  readonly url: string
}

export const consulUrl = ({ http }: ConsulPorts): string => `http://127.0.0.1:${http}`

/** The guard's file and its arguments; the agent keeps its node id and its services in the folder. */
export function consulCommand(bin: string, ports: ConsulPorts, state: string) {
  return {
    file: join(import.meta.dirname, 'consul-guard.ts'),
    args: [
      bin,
      'agent',
      '-dev',
      '-bind=127.0.0.1',
      '-client=127.0.0.1',
      `-http-port=${ports.http}`,
      '-dns-port=-1',
      '-grpc-port=-1',
      '-grpc-tls-port=-1',
      `-serf-lan-port=${ports.serf}`,
      '-serf-wan-port=-1',
      `-server-port=${ports.server}`,
      `-data-dir=${consulFolder(state)}`,
      '-log-level=warn',
      '-hcl=disable_update_check=true',
    ],
  }
}

export async function startConsul(
  bin: string,
  ports: ConsulPorts,
  state: string,
): Promise<ConsulAgent> {
  const child = startChild({
    name: 'consul',
    ...consulCommand(bin, ports, state),
    logFile: logFile(state, 'consul'),
  })
  const { pid } = await child.firstMessage<{ readonly pid: number }>('spawned', LEADER_LIMIT_MS)
  return { child, pid, url: consulUrl(ports) }
}

/** An agent without a leader takes no registration. */
export async function leaderElected({
  child,
  url,
}: Pick<ConsulAgent, 'child' | 'url'>): Promise<void> {
  const giveUp = AbortSignal.timeout(LEADER_LIMIT_MS)
  while (!giveUp.aborted && !child.isGone()) {
    if (await hasLeader(url)) return
    await pause(LOOK_EVERY_MS)
  }
  throw new Failure(EXIT.failed, {
    code: 'not_started',
    what: 'Consul has elected no leader',
    where: url,
    why: `see ${child.logFile}`,
    next: 'start again; another Consul on this machine is left alone',
  })
}

async function hasLeader(url: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/v1/status/leader', url), {
      signal: AbortSignal.timeout(2_000),
    })
    return answer.ok && (await answer.text()).length > 2
  } catch {
    return false // Not listening yet: the loop that asks has its limit.
  }
}
