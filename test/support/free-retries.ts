// An attempt path that lets every retry through at once; a test replaces what it is about.
import type { AttemptPath, Turn } from '#router/stages/forward.ts'

/** Of one call, without any bound. */
export function freeTurn(): Turn {
  let retries = 0
  return {
    get retries() {
      return retries
    },
    again: () => {
      retries += 1
      return undefined
    },
    elsewhere: () => undefined,
    end: () => undefined,
  }
}

export const freeRetries = (choose: AttemptPath['choose']): AttemptPath => ({
  choose,
  begin: freeTurn,
  hedge: () => ({ delayMs: undefined, take: () => false, answered: () => undefined }),
  spare: () => undefined,
  poolDenial: () => undefined,
  pause: () => Promise.resolve(),
})
