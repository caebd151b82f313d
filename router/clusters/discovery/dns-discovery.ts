// Asks a name server again and again. Only a clear "no such name" or "no such record" is an answer;
// a server that fails or stays silent says nothing about the replicas.
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type DnsAnswer, type NameServer, readName } from './dns-answer.ts'
import { createGuardedFeed } from './guarded-feed.ts'
import type { Discovery } from './instance.ts'
import { backOffMs, type DiscoveryPorts } from './ports.ts'

export interface DnsDiscoveryOptions {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'SRV'
  /** Needed for A and AAAA. */
  readonly port?: number
  readonly refreshMs: number
  /** `host:port` of the name server; the system's when absent. */
  readonly server?: string
  readonly stateDirectory: string
}

/**
 * A name server that answers by UDP with only some of the records at a time makes replicas come and go. Consul does so
 * above three unless its `dns_config` sets `enable_truncate` or a higher `udp_answer_limit`.
 */
export function createDnsDiscovery(
  options: DnsDiscoveryOptions,
  ports: DiscoveryPorts,
  openServer: (server: string | undefined) => Promise<NameServer> = openNameServer,
): Discovery {
  const { name, type, refreshMs, server, stateDirectory } = options
  const scope = JSON.stringify([type, options.port ?? 0, server ?? ''])
  const feed = createGuardedFeed({ stateDirectory, kind: 'dns', service: name, scope }, ports)
  const closed = new AbortController()
  let running: Promise<void> = Promise.resolve()

  const watch = async () => {
    for (let failures = 0; !closed.signal.aborted; ) {
      const outcome = await readOnce(options, openServer, closed.signal)
      if (closed.signal.aborted) return
      failures = 'problem' in outcome ? failures + 1 : 0
      if ('problem' in outcome) feed.fail(outcome.problem)
      else feed.accept(outcome.instances, { notes: outcome.notes })
      // Spread by a tenth either way, so that routers started together do not ask together.
      const nextMs = refreshMs * (0.9 + 0.2 * ports.random())
      await ports.wait(
        failures === 0
          ? nextMs
          : Math.max(backOffMs(failures, ports.random), Math.min(nextMs, 250)),
        closed.signal,
      )
    }
  }
  return {
    start(publish) {
      running = feed.begin(publish).then(watch)
    },
    status: feed.status,
    release: feed.release,
    async close() {
      closed.abort()
      await Promise.all([feed.close(), running])
    },
  }
}

async function readOnce(
  options: DnsDiscoveryOptions,
  openServer: (server: string | undefined) => Promise<NameServer>,
  signal: AbortSignal,
): Promise<DnsAnswer | { readonly problem: string }> {
  let server: NameServer | undefined
  const cancel = () => server?.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    server = await openServer(options.server)
    if (signal.aborted) return { problem: 'closed' }
    return await readName(server, options)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const asked =
      options.server === undefined ? 'the name server' : `the name server ${options.server}`
    return {
      problem: `${asked} did not resolve ${options.type} ${options.name}: ${code ?? message}. Check that it runs and serves this name.`,
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** A resolver each time: it picks up a changed system configuration, and `cancel` ends exactly one read. */
async function openNameServer(server: string | undefined): Promise<NameServer> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  if (server === undefined) return resolver
  const { hostname, port } = new URL(`dns://${server}`)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = isIP(host) === 0 ? (await lookup(host)).address : host
  const bracketed = isIP(address) === 6 ? `[${address}]` : address
  resolver.setServers([`${bracketed}:${port === '' ? '53' : port}`])
  return resolver
}
