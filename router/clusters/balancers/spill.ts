// How calls spread over tiers. A tier takes all of them while enough of it is healthy for that; what is beyond goes to the
// next, in proportion, so that a zone that fails by and by is left by and by and its last replicas are not run over.

/** With 5 of 7 healthy a tier still takes everything (Envoy's factor): the others carry 1.4 times what they were meant for. */
const SPARE = 1.4

export interface Spread {
  readonly members: number
  readonly healthy: number
  load: number
}

/** Sets the part of the calls that each takes, the nearest first; all parts are 0 where none is healthy. */
export function spreadLoad(tiers: readonly Spread[]): void {
  const able = tiers.reduce((sum, tier) => sum + ability(tier), 0)
  const scale = able < 1 && able > 0 ? 1 / able : 1
  let left = 1
  for (const tier of tiers) {
    tier.load = Math.min(left, ability(tier) * scale)
    left -= tier.load
  }
}

const ability = ({ members, healthy }: Spread): number =>
  members === 0 ? 0 : Math.min(1, (SPARE * healthy) / members)
