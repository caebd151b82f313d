// Waits for a condition that has no event of its own. Bounded: a test that waits for what never comes fails with its name.
import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10
const LIMIT_MS = 10_000

/** The first value of `look` that is neither undefined nor false. `what` completes "waited for …". */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs: number = LIMIT_MS,
): Promise<T> {
  const endMs = performance.now() + limitMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
