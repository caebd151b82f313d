// A core for the process that is measured, and the others for those that play its callers and tools: where they share one, what is
// measured is the scheduler. Linux.
import { execFileSync } from 'node:child_process'
import { availableParallelism, setPriority } from 'node:os'

const LATER = 10

/** `behind` runs only when `beside` does not want to, on the same cores. In words what was done. */
export function onOwnCore(
  measured: number,
  { beside, behind }: { readonly beside: number; readonly behind: number },
): string {
  setPriority(behind, LATER)
  const last = availableParallelism() - 1
  if (last < 1) return 'one core for all of them'
  keepTo('0', measured)
  const others = last === 1 ? '1' : `1-${last}`
  for (const pid of [beside, behind]) keepTo(others, pid)
  return `core 0 for the router alone, ${others} for its callers and tools, those that hold behind those that call`
}

/** All threads it has; those to come follow. */
const keepTo = (cores: string, pid: number): void =>
  void execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cores, String(pid)])
