// Watches one service in Consul by a blocking query. What Consul says of a replica is believed at once,
// but for two things: that it knows none at all, and that most of them are gone.
import { type BlockingQuery, runBlockingQuery } from './blocking-query.ts'
import { type ConsulAnswer, type ConsulFault, createConsulHttp } from './consul-http.ts'
import { readConsulInstances } from './consul-instances.ts'
import { createGuardedFeed, type GuardedFeed } from './guarded-feed.ts'
import type { Discovery } from './instance.ts'
import type { DiscoveryPorts } from './ports.ts'

const WAIT_S = 55
/** A server adds up to a sixteenth of the wait as jitter; ten seconds are for the network. */
const BLOCKING_HEADERS_MS = (WAIT_S * 17_000) / 16 + 10_000
const PLAIN_HEADERS_MS = 5_000
const OLD_CONTACT_MS = 10_000

export interface ConsulDiscoveryOptions {
  readonly service: string
  readonly filter?: string
  readonly datacenter?: string
  /** In order of preference; at least one. */
  readonly agents: readonly string[]
  readonly token?: string | undefined
  readonly stateDirectory: string
}

export function createConsulDiscovery(
  options: ConsulDiscoveryOptions,
  ports: DiscoveryPorts,
): Discovery {
  const { service, filter = '', datacenter = '', agents, token, stateDirectory } = options
  const scope = filter === '' && datacenter === '' ? '' : JSON.stringify([filter, datacenter])
  const feed = createGuardedFeed({ stateDirectory, kind: 'consul', service, scope }, ports)
  const http = createConsulHttp({ agents, token, wait: ports.wait })
  const closed = new AbortController()
  const query: BlockingQuery = {
    ask: (index, signal) =>
      http.get(pathOf(options, index), {
        headersMs: index === undefined ? PLAIN_HEADERS_MS : BLOCKING_HEADERS_MS,
        signal,
      }),
    take: answer => takeAnswer(answer, service, feed),
    fail(fault) {
      if (fault.kind !== 'refused' && fault.kind !== 'hidden') http.tryNextAgent()
      feed.fail(`${fault.says}. ${ADVICE[fault.kind]}`)
    },
  }
  let running: Promise<void> = Promise.resolve()
  return {
    start(publish) {
      running = feed.begin(publish).then(() => runBlockingQuery(query, ports, closed.signal))
    },
    status: feed.status,
    release: feed.release,
    async close() {
      closed.abort()
      await Promise.all([feed.close(), http.close(), running])
    },
  }
}

const ADVICE: Record<ConsulFault['kind'], string> = {
  unreachable: 'Check that the agent runs, or name another with --consul.',
  busy: 'The agent is overloaded or has no leader; it is asked again.',
  hidden: 'Give the token service:read and node:read.',
  refused:
    'Check the token (service:read and node:read), the filter and the datacenter; asked again in 30 s.',
  garbled: 'Check that --consul names a Consul agent and not something before it.',
}

function pathOf(options: ConsulDiscoveryOptions, index: bigint | undefined): string {
  const { service, filter, datacenter } = options
  const parts = ['stale']
  if (index !== undefined) parts.push(`index=${index}`, `wait=${WAIT_S}s`)
  if (filter !== undefined) parts.push(`filter=${encodeURIComponent(filter)}`)
  if (datacenter !== undefined) parts.push(`dc=${encodeURIComponent(datacenter)}`)
  return `/v1/health/service/${encodeURIComponent(service)}?${parts.join('&')}`
}

function takeAnswer(
  answer: ConsulAnswer,
  service: string,
  feed: GuardedFeed,
): 'news' | 'quiet' | ConsulFault {
  const reading = readConsulInstances(answer.body)
  if ('garbled' in reading)
    return {
      kind: 'garbled',
      says: `Consul's answer about ${service} cannot be read: ${reading.garbled}`,
    }
  const isEmpty = reading.instances.length === 0 && reading.notes.length === 0
  if (isEmpty && answer.isFilteredByAcl)
    return {
      kind: 'hidden',
      says: `Consul hides every instance of ${service} from this token, which looks like none and is not`,
    }
  // A server that has just started and has no leader yet answers a stale read with nothing.
  if (isEmpty && !answer.knowsLeader)
    return { kind: 'busy', says: `Consul lists no instance of ${service}, but knows no leader` }
  return feed.accept(reading.instances, { notes: reading.notes, ...doubtOf(answer) })
    ? 'news'
    : 'quiet'
}

function doubtOf(answer: ConsulAnswer): { readonly doubt?: string } {
  const { isFilteredByAcl, knowsLeader, lastContactMs } = answer
  if (isFilteredByAcl)
    return { doubt: 'Consul hides some instances from this token. ' + ADVICE.hidden }
  if (!knowsLeader) return { doubt: 'Consul has no leader: what it says may be stale.' }
  if (lastContactMs > OLD_CONTACT_MS)
    return {
      doubt:
        'The Consul server asked has not heard from its leader for more than 10 s: what it says may be stale.',
    }
  return {}
}
