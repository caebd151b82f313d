// The endpoints written in the policy document itself. They change only with the document, which opens a new discovery.
import type { StaticEndpoint } from '#routes/route-table.ts'
import type { Discovery, Instance } from './instance.ts'
import { createInstanceFeed } from './instance-feed.ts'
import type { DiscoveryPorts } from './ports.ts'

export function createStaticDiscovery(
  endpoints: readonly StaticEndpoint[],
  ports: Pick<DiscoveryPorts, 'clock' | 'log'>,
): Discovery {
  const feed = createInstanceFeed({ kind: 'endpoints', ...ports })
  return {
    start(publish) {
      feed.begin(publish)
      const { instances, notes } = readEndpoints(endpoints)
      feed.accept(instances, { notes })
    },
    status: feed.status,
    // The document is the only authority: nothing is ever held.
    release() {},
    async close() {
      feed.close()
    },
  }
}

function readEndpoints(endpoints: readonly StaticEndpoint[]) {
  const instances = new Map<string, Instance>()
  const notes: string[] = []
  for (const endpoint of endpoints) {
    const instance = instanceOf(endpoint)
    if (instances.has(instance.key))
      notes.push(`${endpoint.url} stands twice in the document; the first counts`)
    else instances.set(instance.key, instance)
  }
  return { instances: [...instances.values()], notes }
}

/** Two paths on one port are two replicas, so the path belongs to the key. */
function instanceOf({ url, weight, zone, region }: StaticEndpoint): Instance {
  const { protocol, host, hostname, port, pathname } = new URL(url)
  const isTls = protocol === 'https:'
  const number = port === '' ? (isTls ? 443 : 80) : Number(port)
  const path = pathname === '/' ? '' : pathname
  return {
    key: `${port === '' ? `${host}:${number}` : host}${path}`,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: number,
    weight,
    state: 'ready',
    ...(isTls ? { tls: true } : {}),
    ...(path === '' ? {} : { path }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
  }
}
