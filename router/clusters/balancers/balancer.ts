// The choice among all replicas of a cluster that speak an era: first how near, then which. Told of each change of a replica,
// so that a choice looks at no more than it must.
import type { Endpoint } from '../endpoint.ts'
import type { Now } from './peak-ewma.ts'
import { rendezvousScore } from './rendezvous.ts'
import type { MayTake } from './shares.ts'
import { type Spread, spreadLoad } from './spill.ts'
import { type Ranked, Tier } from './tier.ts'

/**
 * `out`: of this era as far as is known, and not in service; `ejected`: in service, but traffic went wrong there.
 * `absent` is whoever is gone, speaks another era, or is set apart.
 */
export type Standing = 'serves' | 'ejected' | 'out' | 'absent'

interface Member {
  readonly ranked: Ranked
  readonly tier: Tier
  readonly standing: Exclude<Standing, 'absent'>
}

export interface BalancerOptions {
  /** Level of the tier that an endpoint is of. */
  readonly tierOf: (endpoint: Endpoint) => number
  /** Of this router process, for its life: which subset it uses of many. */
  readonly seed: number
}

export class Balancer {
  readonly #options: BalancerOptions
  /** The nearest first. Bounded by the words for near and far, and the datacenters of a document. */
  #tiers: readonly Tier[] = []
  /** Bounded by the endpoints of the cluster. */
  readonly #members = new Map<Endpoint, Member>()

  constructor(options: BalancerOptions) {
    this.#options = options
  }

  /** The nearest first; those that were never needed are not there. */
  get tiers(): readonly Spread[] {
    return this.#tiers.filter(({ members }) => members > 0)
  }

  /** Whatever changed of it: what it is in, its weight, its key, where it stands, that it warms up anew. */
  update(endpoint: Endpoint, standing: Standing): void {
    const before = this.#members.get(endpoint)
    const after = standing === 'absent' ? undefined : this.#member(endpoint, standing, before)
    if (before !== undefined) this.#count(before, -1)
    if (after !== undefined) this.#count(after, 1)
    if (!isListedAlike(before, after)) {
      if (isListed(before)) before.tier.remove(before.ranked)
      if (isListed(after)) after.tier.add(after.ranked)
    }
    after?.tier.changed()
    if (after === undefined) this.#members.delete(endpoint)
    else this.#members.set(endpoint, after)
    spreadLoad(this.#tiers)
  }

  clear(): void {
    this.#tiers = []
    this.#members.clear()
  }

  /** Undefined when none may take the call. A tier that is full is left for the next one. */
  pick(mayTake: MayTake, now: Now): Endpoint | undefined {
    return this.#pickFrom(this.#byLoad(now), mayTake, now)
  }

  /** When too few are healthy for what is near to be worth anything: all tiers as if they were one. */
  pickInPanic(mayTake: MayTake, now: Now): Endpoint | undefined {
    return this.#pickFrom(this.#byNumber(now), mayTake, now)
  }

  #pickFrom(first: Tier | undefined, mayTake: MayTake, now: Now): Endpoint | undefined {
    const picked = first?.pick(mayTake, now)
    if (picked !== undefined) return picked
    for (const tier of this.#tiers) {
      if (tier === first) continue
      const next = tier.pick(mayTake, now)
      if (next !== undefined) return next
    }
    return undefined
  }

  #byLoad({ random }: Now): Tier | undefined {
    const [nearest] = this.#tiers
    if (nearest === undefined || nearest.load >= 1 || this.#tiers.length === 1) return nearest
    let point = random()
    for (const tier of this.#tiers) {
      point -= tier.load
      if (point < 0) return tier
    }
    return nearest
  }

  #byNumber({ random }: Now): Tier | undefined {
    let point = random() * this.#tiers.reduce((sum, { serving }) => sum + serving, 0)
    return this.#tiers.find(({ serving }) => {
      point -= serving
      return point < 0
    })
  }

  #member(
    endpoint: Endpoint,
    standing: Exclude<Standing, 'absent'>,
    before: Member | undefined,
  ): Member {
    const { key } = endpoint
    const tier = this.#tierAt(this.#options.tierOf(endpoint))
    if (before?.ranked.key === key) return { ranked: before.ranked, tier, standing }
    const score = rendezvousScore(this.#options.seed, key)
    return { ranked: { endpoint, score, key }, tier, standing }
  }

  #count({ tier, standing }: Member, by: 1 | -1): void {
    tier.members += by
    if (standing === 'serves') tier.healthy += by
  }

  #tierAt(level: number): Tier {
    const known = this.#tiers.find(tier => tier.level === level)
    if (known !== undefined) return known
    const tier = new Tier(level)
    this.#tiers = [...this.#tiers, tier].sort((one, other) => one.level - other.level)
    return tier
  }
}

const isListed = (member: Member | undefined): member is Member =>
  member !== undefined && member.standing !== 'out'

const isListedAlike = (before: Member | undefined, after: Member | undefined): boolean =>
  isListed(before) === isListed(after) &&
  before?.tier === after?.tier &&
  before?.ranked === after?.ranked
