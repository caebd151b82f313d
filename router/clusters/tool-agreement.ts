// Which replicas of a cluster offer the same tools to callers of one era. Two that differ must not share their calls: one that was
// checked against the definition of one would run on the other. The larger group serves; the rest is set apart, seen, and given
// nothing new.
import type { Era } from '#routes/route-table.ts'
import { type Endpoint, type KnownList, MOST_MISSES } from './endpoint.ts'

/** Those with one digest: read at their last asking, or not since. */
interface Group {
  readonly read: Set<Endpoint>
  readonly stale: Set<Endpoint>
}

const NOTHING: KnownList = { problem: 'it was not asked for yet' }
const DIFFERS = 'its tools differ from those of the replicas that serve'

export class ToolAgreement {
  readonly #era: Era
  /** Replicas in service by the digest of their lists. Bounded by the endpoints of the cluster. */
  readonly #groups = new Map<string, Group>()
  readonly #members = new Map<Endpoint, KnownList>()
  #main: string | undefined

  constructor(era: Era) {
    this.#era = era
  }

  /** The digest of those that serve; undefined while no list is known, and then all serve. */
  get main(): string | undefined {
    return this.#main
  }

  /** One of those that serve: what it lists, all of them list. */
  get representative(): Endpoint | undefined {
    const { read, stale } = this.#mainGroup ?? {}
    return read?.values().next().value ?? stale?.values().next().value
  }

  /** All in service, with what is known of their lists. */
  get members(): ReadonlyMap<Endpoint, KnownList> {
    return this.#members
  }

  /** Whatever changed of it. True when others may serve from now on: every replica is to be looked at again. */
  update(endpoint: Endpoint): boolean {
    const list = endpoint.mayServe(this.#era)
      ? (endpoint.learned?.lists?.[this.#era] ?? NOTHING)
      : undefined
    if (list === this.#members.get(endpoint)) return false
    const before = this.#main
    const wasProven = this.#isProven
    this.#leave(endpoint)
    if (list !== undefined) this.#enter(endpoint, list)
    this.#main = this.#largest()
    return this.#main !== before || this.#isProven !== wasProven
  }

  /**
   * Why it serves nobody of this era. One without a digest may list anything. One whose list could not be read for long is doubted
   * only while that of a sibling can be: what fails for all of them at once says nothing of one.
   */
  whyApart(endpoint: Endpoint): string | undefined {
    const list = this.#members.get(endpoint)
    if (list === undefined || this.#main === undefined) return undefined
    const { digest, misses = 0, problem = '' } = list
    if (digest === undefined) return `its list of tools is not known: ${problem}`
    if (digest !== this.#main) return DIFFERS
    return misses >= MOST_MISSES && this.#isProven
      ? `its list of tools can no longer be read: ${problem}`
      : undefined
  }

  clear(): void {
    this.#groups.clear()
    this.#members.clear()
    this.#main = undefined
  }

  get #mainGroup(): Group | undefined {
    return this.#groups.get(this.#main ?? '')
  }

  get #isProven(): boolean {
    return (this.#mainGroup?.read.size ?? 0) > 0
  }

  #enter(endpoint: Endpoint, list: KnownList): void {
    this.#members.set(endpoint, list)
    if (list.digest === undefined) return
    const group = this.#groups.get(list.digest) ?? { read: new Set(), stale: new Set() }
    this.#groups.set(list.digest, group)
    group[list.misses === undefined ? 'read' : 'stale'].add(endpoint)
  }

  #leave(endpoint: Endpoint): void {
    const digest = this.#members.get(endpoint)?.digest
    this.#members.delete(endpoint)
    const group = this.#groups.get(digest ?? '')
    if (digest === undefined || group === undefined) return
    group.read.delete(endpoint)
    group.stale.delete(endpoint)
    if (sizeOf(group) === 0) this.#groups.delete(digest)
  }

  /** The one that serves stays until another is larger, so that a rollout moves the calls once. Of two newcomers the same wins everywhere. */
  #largest(): string | undefined {
    let best: string | undefined
    let most = 0
    for (const [digest, group] of this.#groups) {
      const size = sizeOf(group)
      if (size < most || (size === most && best !== undefined && digest > best)) continue
      best = digest
      most = size
    }
    const mine = sizeOf(this.#mainGroup)
    return mine > 0 && mine === most ? this.#main : best
  }
}

const sizeOf = (group: Group | undefined): number =>
  group === undefined ? 0 : group.read.size + group.stale.size
