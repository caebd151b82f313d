// When a router gave a replica its last call, found by looking at its own count again and again.
import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from './ledger.ts'
import type { Place, Stage } from './stage.ts'

const LOOK_EVERY_MS = 10

/** Milliseconds from `fromMs` to the last call that was given to it, watched for so long. */
export async function lastPick(
  { endpoint }: Stage,
  place: Place,
  fromMs: number,
  watchMs: number,
): Promise<number> {
  let { calls } = await endpoint(place)
  let lastMs = fromMs
  while (nowMs() - fromMs < watchMs) {
    await pause(LOOK_EVERY_MS)
    const now = (await endpoint(place)).calls
    if (now !== calls) lastMs = nowMs()
    calls = now
  }
  return lastMs - fromMs
}

/** Calls given to it within so many milliseconds, and to all of them. */
export async function share(
  { endpoint, places }: Stage,
  place: Place,
  overMs: number,
): Promise<{ readonly to: number; readonly all: number }> {
  const counts = (): Promise<readonly number[]> =>
    Promise.all(places.map(async one => (await endpoint(one)).calls))
  const before = await counts()
  await pause(overMs)
  const after = await counts()
  const given = after.map((count, index) => count - (before[index] ?? 0))
  return {
    to: given[places.indexOf(place)] ?? 0,
    all: given.reduce((sum, one) => sum + one, 0),
  }
}

export const percentOf = (part: number, whole: number): string =>
  `${part} of ${whole}, ${((100 * part) / Math.max(1, whole)).toFixed(2)} %`
