// Chance that can be repeated: the same seed throws the same dice, whatever else runs meanwhile.

export interface Dice {
  /** From 0 up to, and not, `sides`. */
  readonly below: (sides: number) => number
  readonly isLucky: (chance: number) => boolean
  readonly pick: <T>(from: readonly T[]) => T
  readonly bytes: (count: number) => Buffer
}

/** Mulberry32: 32 bits of state are plenty to choose where a byte goes wrong. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (sides: number): number => Math.floor(next() * sides)
  return {
    below,
    isLucky: chance => next() < chance,
    pick: from => from[below(from.length)] as never,
    bytes: count => Buffer.from(Array.from({ length: count }, () => below(256))),
  }
}

/** A seed of its own for the nth case, so that one case can be made again without those before it. */
export const seedOfCase = (seed: number, index: number): number =>
  (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35)) >>> 0
