// Time and chance as ports, so that tests decide both. `nowMs` is monotonic and never a wall clock.
export interface Clock {
  /** Milliseconds, monotonic. For intervals only. */
  readonly nowMs: () => number
  /** Milliseconds since 1970. For stamps that leave the process. */
  readonly wallMs: () => number
}

/** A number in [0, 1). */
export type Random = () => number

export const systemClock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() }

export const systemRandom: Random = () => Math.random()

/** A small seeded generator (mulberry32) for tests and simulations; never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
