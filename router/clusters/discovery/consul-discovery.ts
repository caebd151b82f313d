// One service in Consul as a source of replicas. What Consul says of them is believed at once, but for two things: that it
// knows none at all, and that most of them are gone.
import type { ConsulQuestion } from './consul-question.ts'
import type { ConsulWatch, ConsulWatches } from './consul-watches.ts'
import { createGuardedFeed } from './guarded-feed.ts'
import type { Discovery } from './instance.ts'
import type { DiscoveryPorts } from './ports.ts'

export interface ConsulDiscoveryOptions extends ConsulQuestion {
  readonly stateDirectory: string
  readonly watches: ConsulWatches
}

export function createConsulDiscovery(
  options: ConsulDiscoveryOptions,
  ports: DiscoveryPorts,
): Discovery {
  const { service, filter = '', datacenter = '', stateDirectory, watches } = options
  const scope = filter === '' && datacenter === '' ? '' : JSON.stringify([filter, datacenter])
  const feed = createGuardedFeed({ stateDirectory, kind: 'consul', service, scope }, ports)
  let isClosed = false
  let watch: ConsulWatch | undefined
  let beginning: Promise<void> = Promise.resolve()
  return {
    start(publish) {
      beginning = feed.begin(publish).then(() => {
        if (!isClosed) watch = watches.watch(options, feed)
      })
    },
    status: () => ({ ...feed.status(), ...watch?.facts() }),
    release: feed.release,
    async close() {
      isClosed = true
      await Promise.all([feed.close(), watch?.close(), beginning])
    },
  }
}
