// CPU by the kernel's own accounting: what a tree of processes used, and what ran on the machine beside this run.
// The machine's share comes in ticks of ten milliseconds, so it is meant for a second or more, never for one call.
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import process from 'node:process'

const NS_PER_TICK = 10_000_000
const PROC = '/proc'

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return '' // a thread or a process may have ended
    throw error
  }
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`${PROC}/${pid}/task`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Nanoseconds on a CPU of a process, its threads, and all that it started. */
export function treeCpuNs(pid: number): number {
  let total = 0
  for (const thread of threadsOf(pid)) {
    total += Number(read(`${PROC}/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0)
    for (const child of read(`${PROC}/${pid}/task/${thread}/children`).split(' '))
      if (child.trim() !== '') total += treeCpuNs(Number(child))
  }
  return total
}

/** What this process used, and its children that have ended: the load generators. */
function ownCpuNs(): number {
  const { user, system } = process.cpuUsage()
  // After the name, which may hold blanks: fields 14 to 17 of the line are user, system, and the same of ended children.
  const fields = read(`${PROC}/self/stat`).split(') ').at(-1)?.split(' ') ?? []
  const ended = Number(fields[13] ?? 0) + Number(fields[14] ?? 0)
  return (user + system) * 1_000 + ended * NS_PER_TICK
}

export interface Moment {
  readonly busyNs: number
  readonly stealNs: number
  readonly ownNs: number
  readonly atNs: number
}

/** `pids`: roots of the processes of this run that are alive. */
export function momentOf(pids: readonly number[]): Moment {
  const [, ...ticks] = (read(`${PROC}/stat`).split('\n', 1)[0] ?? '').split(/\s+/)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks.map(Number)
  return {
    busyNs: (user + nice + system + irq + softirq + steal) * NS_PER_TICK,
    stealNs: steal * NS_PER_TICK,
    ownNs: ownCpuNs() + pids.reduce((sum, pid) => sum + treeCpuNs(pid), 0),
    atNs: Number(process.hrtime.bigint()),
  }
}

/** Shares of all cores between two moments. */
export function sharesBetween(
  before: Moment,
  after: Moment,
  cores = availableParallelism(),
): { readonly foreign: number; readonly steal: number } {
  const room = (after.atNs - before.atNs) * cores
  const foreign = after.busyNs - before.busyNs - (after.ownNs - before.ownNs)
  return {
    foreign: Math.max(0, foreign) / room,
    steal: (after.stealNs - before.stealNs) / room,
  }
}
