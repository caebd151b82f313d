// The moment between one try and the next, which whoever waits may leave.
import type { Random } from '#foundation/clock.ts'
import { pauseMs } from './retry-rules.ts'

/** `onLeave` is given what ends the pause at once. */
export const pause = (
  random: Random,
  leastMs: number | undefined,
  onLeave: (leave: () => void) => void,
): Promise<void> =>
  new Promise(resolve => {
    const timer = setTimeout(resolve, pauseMs(random, leastMs))
    onLeave(() => {
      clearTimeout(timer)
      resolve()
    })
  })
