// On a machine or in a container with few cores the threads that collect garbage take time from the one that carries the calls: four of
// them beside it leave it a fifth of a core, for a tenth of a second and more. They may have what it leaves instead.
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** As Node names the threads of its platform: garbage collection and compilation, no I/O. */
const HELPER = /V8Worker/
/** The kernel's least: the loop goes first whenever it wants to. */
const LAST = 19

/** Threads of this process that yield from now on; none where the system does not tell threads apart (Linux does). */
export function yieldToLoop(): number {
  return threads().filter(id => isHelper(id) && becomesLast(id)).length
}

function threads(): readonly string[] {
  try {
    return readdirSync('/proc/self/task')
  } catch {
    return []
  }
}

function isHelper(thread: string): boolean {
  try {
    return HELPER.test(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8'))
  } catch {
    return false // it has ended
  }
}

function becomesLast(thread: string): boolean {
  try {
    setPriority(Number(thread), LAST)
    return true
  } catch {
    return false // a sandbox may forbid it: the router works all the same
  }
}
