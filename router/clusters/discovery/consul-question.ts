// What is asked of Consul about one service, and what of its answers is believed: everything at once, but for an empty list
// that the token, the ACL rules or a lost leader may have made empty.
import type { ConsulAnswer, ConsulFault } from './consul-http.ts'
import type { ConsulReading } from './consul-instances.ts'

export interface ConsulQuestion {
  readonly service: string
  readonly filter?: string
  readonly datacenter?: string
}

/**
 * A query that was lost on its way is missed only when its wait is over, and behind the streaming backend so is a restored
 * snapshot: with this a watch hears of a change within 30 s of the end of any outage, however short. Three plain answers a
 * minute are what it costs.
 */
const WAIT_S = 20
/** How soon an answer that need not wait for anything begins. */
export const PLAIN_MS = 5_000
/** A server adds up to a sixteenth of the wait as jitter. */
export const blockingMs = (WAIT_S * 17_000) / 16 + PLAIN_MS
const OLD_CONTACT_MS = 10_000

export const ADVICE: Record<ConsulFault['kind'], string> = {
  unreachable: 'Check that the agent runs, or name another with --consul.',
  untrusted:
    'Check --consul-ca and --consul-server-name, and --consul-cert with --consul-key where the agent asks for a certificate.',
  busy: 'The agent is overloaded or has no leader; it is asked again.',
  hidden: 'Give the token service:read and node:read.',
  refused:
    'Check the token (service:read and node:read), the filter and the datacenter; asked again within 24 s.',
  garbled: 'Check that --consul names a Consul agent and not something before it.',
}

export function pathOf(question: ConsulQuestion, index: bigint | undefined): string {
  const { service, filter, datacenter } = question
  const parts = ['stale']
  if (index !== undefined) parts.push(`index=${index}`, `wait=${WAIT_S}s`)
  if (filter !== undefined) parts.push(`filter=${encodeURIComponent(filter)}`)
  if (datacenter !== undefined) parts.push(`dc=${encodeURIComponent(datacenter)}`)
  return `/v1/health/service/${encodeURIComponent(service)}?${parts.join('&')}`
}

/** Why the answer is no answer. */
export function faultIn(
  answer: ConsulAnswer,
  set: ReturnType<ConsulReading['result']>,
  { service }: ConsulQuestion,
): ConsulFault | undefined {
  if ('garbled' in set)
    return {
      kind: 'garbled',
      says: `Consul's answer about ${service} cannot be read: ${set.garbled}`,
    }
  if (set.instances.length > 0 || set.notes.length > 0) return undefined
  if (answer.isFilteredByAcl)
    return {
      kind: 'hidden',
      says: `Consul hides every instance of ${service} from this token, which looks like none and is not`,
    }
  if (answer.isBlind)
    return {
      kind: 'hidden',
      says:
        `Consul lists no instance of ${service}, but it denies by default and was asked without a token, ` +
        'which looks the same as none',
    }
  // A server that has just started and has no leader yet answers a stale read with nothing.
  if (!answer.knowsLeader)
    return { kind: 'busy', says: `Consul lists no instance of ${service}, but knows no leader` }
  return undefined
}

/** From so many instances on an answer is read only where its headers do not say that it lists what is known: three a minute are 14 MiB each with ten thousand. */
const MANY = 1_000
/** Then its list is read again, whatever they say. */
const READ_AGAIN_MS = 300_000

export interface ReadAnswer {
  readonly answer: ConsulAnswer
  readonly instances: number
  readonly atMs: number
}

/** The index has not moved, and no right was missing either time, since what a token may see changes without it. */
export const listsTheSame = (read: ReadAnswer | undefined, answer: ConsulAnswer, nowMs: number) =>
  read !== undefined &&
  read.instances >= MANY &&
  nowMs - read.atMs < READ_AGAIN_MS &&
  answer.index !== undefined &&
  answer.index === read.answer.index &&
  isSound(answer) &&
  isSound(read.answer)

const isSound = ({ isFilteredByAcl, isBlind, knowsLeader }: ConsulAnswer): boolean =>
  knowsLeader && !isFilteredByAcl && !isBlind

/** Why an answer that is used may be old or not whole. */
export function doubtOf(answer: ConsulAnswer): { readonly doubt?: string } {
  const { isFilteredByAcl, knowsLeader, lastContactMs } = answer
  if (isFilteredByAcl)
    return { doubt: `Consul hides some instances from this token. ${ADVICE.hidden}` }
  if (!knowsLeader) return { doubt: 'Consul has no leader: what it says may be stale.' }
  if (lastContactMs > OLD_CONTACT_MS)
    return {
      doubt:
        'The Consul server asked has not heard from its leader for more than 10 s: what it says may be stale.',
    }
  return {}
}
