// A cluster about whose replicas nobody has decided anything.
import type { Decisions } from '#router/clusters/override.ts'

export const UNDECIDED: Decisions = {
  of: () => ({}),
  keys: () => [],
  follow: () => () => undefined,
}
