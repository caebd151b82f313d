// What the log tells of the replicas of one cluster, in words: health, tools, ejections. One that says nothing new says nothing.
import type { Era } from '#routes/route-table.ts'
import type { EjectionReason } from './ejection/endpoint-breaker.ts'
import type { Endpoint } from './endpoint.ts'
import type { ReplicaLog } from './replica-log.ts'

/** A line of the log must not grow with what a replica lists. */
const MOST_NAMED = 10
const LONGEST_NAME = 128

export class ReplicaNews {
  readonly #log: ReplicaLog
  /** Eras of those that the log says are up. Bounded by the endpoints that live. */
  readonly #saidUp = new WeakMap<Endpoint, string | undefined>()

  constructor(log: ReplicaLog) {
    this.#log = log
  }

  blocked({ key }: Endpoint, reason: string): void {
    this.#log.say('endpoint.blocked', key, { reason })
  }

  /** Another list of tools is no news of it. */
  health(endpoint: Endpoint): void {
    const { health, key, reason, learned } = endpoint
    const isUp = health === 'up' && !endpoint.isLeaving
    const eras = isUp ? learned?.eras.join() : undefined
    if (eras !== undefined && eras === this.#saidUp.get(endpoint)) return
    this.#saidUp.set(endpoint, eras)
    const why = reason === undefined ? { eras: learned?.eras } : { reason }
    if (endpoint.isLeaving && health === 'up') this.#log.say('endpoint.leaving', key, why)
    else this.#log.say(isUp ? 'endpoint.up' : 'endpoint.down', key, why)
  }

  apart({ key, apart, learned }: Endpoint, era: Era, servingDigest?: string): void {
    const reason = apart[era]
    const digests = { era, toolsDigest: learned?.lists?.[era]?.digest, servingDigest }
    if (reason === undefined) this.#log.say('endpoint.joined', key, digests)
    else this.#log.say('endpoint.apart', key, { reason, ...digests })
  }

  /** Tools that a client must leave out, since it could not write their headers: whoever runs them should hear of it. */
  hidden({ key, learned }: Endpoint): void {
    const hidden = [...(learned?.tools ?? [])].filter(([, facts]) => facts === 'broken')
    if (hidden.length === 0) return
    this.#log.say('tools.hidden', key, {
      tools: hidden.slice(0, MOST_NAMED).map(([name]) => name.slice(0, LONGEST_NAME)),
      count: hidden.length,
      reason: 'an x-mcp-header in the input schema breaks the rules of the specification',
    })
  }

  ejected({ key }: Endpoint, why: EjectionReason, forMs: number): void {
    // What is forced lasts until somebody ends it.
    this.#log.say('endpoint.ejected', key, why === 'forced' ? { why } : { why, forMs })
  }

  halfOpen({ key }: Endpoint): void {
    this.#log.say('endpoint.half_open', key, {})
  }

  restored({ key }: Endpoint): void {
    this.#log.say('endpoint.restored', key, {})
  }
}
