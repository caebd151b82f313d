// How many cores some processes had over a while, and all others on the machine: calls a second say little without it. Linux.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Of the kernel's clock, in /proc. */
const TICK_MS = 10

function spentMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS // user and system
}

/** What all processes had, and what the host took away. */
function takenMs(): number {
  return cpus().reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  )
}

/** Begins to count; what it returns tells of the time since, one figure for each process and one for the rest. */
export function coresTaken(pids: readonly number[]): () => readonly number[] {
  const read = (): readonly number[] => [...pids.map(spentMs), takenMs()]
  const before = read()
  const beganMs = performance.now()
  return () => {
    const passedMs = performance.now() - beganMs
    const cores = read().map((ms, index) => (ms - (before[index] ?? 0)) / passedMs)
    const own = cores.slice(0, -1)
    const all = cores.at(-1) ?? 0
    return [...own, Math.max(0, all - own.reduce((sum, one) => sum + one, 0))]
  }
}
