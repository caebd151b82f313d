// On a machine or in a container with few cores the threads that collect garbage take time from the one that carries the calls: four of
// them beside it leave it a fifth of a core, for a tenth of a second and more. So they count less than it does.
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** As Node names the threads of its platform: garbage collection and compilation, no I/O. */
const HELPER = /V8Worker/
/**
 * A third of the loop's weight each. Not less: the loop waits for them at the end of a collection, and beside a busy neighbour on its
 * core the least of all made pauses of 30 ms ones of 400; with this they are about half as long again.
 */
const NICE = 5

/** Threads of this process that yield from now on; none where the system does not tell threads apart (Linux does). */
export function yieldToLoop(): number {
  return threads().filter(id => isHelper(id) && yields(id)).length
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

function yields(thread: string): boolean {
  try {
    setPriority(Number(thread), NICE)
    return true
  } catch {
    return false // a sandbox may forbid it: the router works all the same
  }
}
