// Of two sets that follow one another the first and the last instances are mostly the same objects: what a source repeats is not read anew.
// Only what lies between is compared one by one, or ten thousand would be a turn's work for each one that changes.
import type { Instance } from './instance.ts'

export interface Between {
  readonly last: readonly Instance[]
  readonly next: readonly Instance[]
  /** How many are the same before and behind it. */
  readonly before: number
  readonly behind: number
}

export function betweenSameEnds(last: readonly Instance[], next: readonly Instance[]): Between {
  const most = Math.min(last.length, next.length)
  let before = 0
  while (before < most && last[before] === next[before]) before += 1
  let behind = 0
  while (behind < most - before && last.at(-1 - behind) === next.at(-1 - behind)) behind += 1
  return {
    last: last.slice(before, last.length - behind),
    next: next.slice(before, next.length - behind),
    before,
    behind,
  }
}
