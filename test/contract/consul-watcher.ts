// Asks Consul directly, and opens the router's own watch on it: both are held to the same agent in the contract.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Discovery } from '#router/clusters/discovery/instance.ts'
import { createSources } from '#router/clusters/discovery/open-discovery.ts'
import type { DiscoveryPolicy } from '#routes/route-table.ts'
import { type SnapshotLog, sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import { until } from '#test/support/until.ts'
import { MOST_CONNECTIONS, SERVICE } from './consul-rig.ts'

export interface ConsulEntry {
  readonly Service: { readonly ID: string }
  readonly Checks: readonly {
    readonly CheckID: string
    readonly Status: string
    readonly Notes: string
  }[]
}

export interface Asked {
  readonly status: number
  readonly index: bigint
  readonly text: string
  /** Empty where the answer is no list. */
  readonly entries: readonly ConsulEntry[]
}

export async function askConsul(url: string, service: string, query: string): Promise<Asked> {
  const response = await fetch(`${url}/v1/health/service/${service}?stale${query}`)
  const text = await response.text()
  return {
    status: response.status,
    index: BigInt(response.headers.get('x-consul-index') ?? '-1'),
    text,
    entries: text.startsWith('[') ? (JSON.parse(text) as ConsulEntry[]) : [],
  }
}

export const isPast = (index: bigint, other: bigint): boolean => index > other

export interface Watch {
  readonly discovery: Discovery
  readonly seen: SnapshotLog
}

type ConsulPolicy = Extract<DiscoveryPolicy, { kind: 'consul' }>

export async function openWatch(
  t: TestContext,
  url: string,
  more: Partial<ConsulPolicy> = {},
): Promise<Watch> {
  const [watch] = await open(t, url, [{ kind: 'consul', service: SERVICE, ...more }])
  if (watch === undefined) throw new Error('no watch was opened')
  return watch
}

/** Of one router. */
export const openWatches = (
  t: TestContext,
  url: string,
  services: readonly string[],
): Promise<readonly Watch[]> =>
  open(
    t,
    url,
    services.map(service => ({ kind: 'consul', service })),
  )

async function open(
  t: TestContext,
  url: string,
  policies: readonly ConsulPolicy[],
): Promise<readonly Watch[]> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-contract-'))
  const sources = createSources({ stateDirectory, consul: { agents: [url] }, log: sentenceLog() })
  const watches = policies.map(policy => ({
    discovery: sources.open(policy),
    seen: snapshotLog(),
  }))
  for (const { discovery, seen } of watches) discovery.start(seen.publish)
  t.after(async () => {
    await Promise.all(watches.map(({ discovery }) => discovery.close()))
    await sources.close()
    await rm(stateDirectory, { recursive: true, force: true })
  })
  return watches
}

export const problemOf = (discovery: Discovery): Promise<string> =>
  until('a problem to be told', () => discovery.status().problem)

/** Takes every connection that one address may have and one more, each with a query that hangs. */
export async function fillConnections(
  t: TestContext,
  url: string,
): Promise<{ readonly refused: readonly string[]; readonly release: () => void }> {
  const { hostname, port, host } = new URL(url)
  const refused: string[] = []
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(port), hostname)
    socket.on('data', (chunk: Buffer) => refused.push(chunk.toString()))
    socket.on('error', error => refused.push(error.message))
    await once(socket, 'connect')
    const path = '/v1/health/service/mcp-nobody?index=999999999&wait=60s'
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    return socket
  }
  const sockets: Socket[] = []
  const release = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  t.after(release)
  for (let count = 0; count <= MOST_CONNECTIONS; count += 1) sockets.push(await open())
  await until('one too many to be turned away', () => refused.length > 0)
  return { refused, release }
}
