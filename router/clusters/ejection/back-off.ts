// How long an ejection lasts: twice as long each time, up to a limit, and shortened by chance by up to half, or endpoints that
// failed together would all be tried in the same moment.
import type { Random } from '#foundation/clock.ts'
import type { EjectionPolicy } from '#routes/route-table.ts'

const JITTER = 0.5

/** `before`: ejections in a row that came before this one. */
export function ejectionMs(
  { baseMs, maxMs }: Pick<EjectionPolicy, 'baseMs' | 'maxMs'>,
  before: number,
  random: Random,
): number {
  const wholeMs = Math.min(maxMs, baseMs * 2 ** before)
  return Math.round(wholeMs * (1 - JITTER * random()))
}
