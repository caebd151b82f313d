// Who asked for this process: its parent, and behind the shell that npm puts between, npm itself.
// The shell outlives an npm that was killed, so watching the parent alone would notice nothing.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const MAX_LINKS = 4

/** The links to watch, each a process and the parent it had at the start. */
export function ancestry(read = readProcess, self = process) {
  const links = [{ pid: self.pid, parent: self.ppid }]
  if (self.env.npm_lifecycle_event === undefined && self.env.npm_command === undefined) return links
  const found = [...links]
  for (let pid = self.ppid; found.length < MAX_LINKS; ) {
    const status = read(pid)
    if (status === undefined) return links // no /proc here: the parent is what can be watched
    if (/^(npm|npx|pnpm|yarn)\b/.test(status.name)) return found
    found.push({ pid, parent: status.parent })
    pid = status.parent
  }
  return links
}

/** True once a process in the chain has got another parent: the one before has died. */
export function isBroken(links, read = readProcess, self = process) {
  return links.some(({ pid, parent }) => {
    if (pid === self.pid) return self.ppid !== parent
    return read(pid)?.parent !== parent
  })
}

/** Name and parent of a process on Linux; undefined elsewhere, or when it has ended. */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = stat.lastIndexOf(')') // the name may itself hold spaces and parentheses
    const parent = Number(stat.slice(end + 2).split(' ')[1])
    return { name: stat.slice(stat.indexOf('(') + 1, end), parent }
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}
