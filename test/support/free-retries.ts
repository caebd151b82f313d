// An attempt path that lets every retry through at once; a test replaces what it is about.
import type { AttemptPath, Budget } from '#router/stages/forward.ts'

const BUDGET: Budget = {
  began: () => undefined,
  ended: () => undefined,
  take: () => undefined,
  over: () => undefined,
}

export const freeRetries = (choose: AttemptPath['choose']): AttemptPath => ({
  choose,
  budget: () => BUDGET,
  poolDenial: () => undefined,
  pause: () => Promise.resolve(),
})
