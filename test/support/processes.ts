// Whether a process still runs. One that has ended but was not collected by its parent yet counts as gone.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** Knows zombies on Linux only; elsewhere they count as running. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return false // no /proc here, or gone in this moment
    throw error
  }
}

/** Does a process run that was told of this folder, in its arguments or its environment? Until none does, one of them may still write into it. Linux only: elsewhere none is found. */
export function someoneUses(folder: string): boolean {
  if (!existsSync('/proc/self/environ')) return false
  return readdirSync('/proc').some(
    name =>
      /^\d+$/.test(name) &&
      name !== String(process.pid) &&
      ['cmdline', 'environ'].some(file => readIfThere(`/proc/${name}/${file}`).includes(folder)),
  )
}

/** Empty for a process that ended meanwhile, or is another user's. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
