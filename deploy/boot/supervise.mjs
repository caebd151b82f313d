// Runs one child in a group of its own and sees to it that the child never outlives whoever asked for it.
// The group is its own so that Ctrl-C reaches the child once, through here, and not twice.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ancestry, isBroken } from './ancestry.mjs'
import { BootProblem } from './stamp.mjs'

const WATCH_MS = 500
/** npm passes on the signal that the terminal has sent already; a person does not press twice this fast. */
const SAME_SIGNAL_MS = 400
/** How long the child may drain when nobody is left to wait for it. */
const ORPHAN_DRAIN_MS = 15_000
const LEFTOVER_MS = 2_000
const INTERRUPTS_BEFORE_KILL = 3

/** Resolves to the exit code: the child's own, or 128 and the number of the signal that ended it. */
export function supervise(binary, args, links = ancestry()) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'], // the channel tells the child of a boot that was killed
      detached: true,
    })
    passSignalsOn(child)
    const orphaned = () => {
      clearInterval(watch)
      process.removeListener('disconnect', orphaned)
      signalGroup(child.pid, 'SIGTERM')
      setTimeout(() => signalGroup(child.pid, 'SIGKILL'), ORPHAN_DRAIN_MS).unref()
    }
    const watch = setInterval(() => isBroken(links) && orphaned(), WATCH_MS)
    watch.unref()
    if (process.send !== undefined) {
      process.once('disconnect', orphaned)
      child.on('message', message => process.connected && process.send(message))
    }
    child.on('error', error =>
      reject(
        new BootProblem(
          `${binary} cannot be started: ${error.message}`,
          'Remove node_modules, and try again: the packages are then installed anew.',
        ),
      ),
    )
    child.on('exit', async (code, signal) => {
      clearInterval(watch)
      await endLeftovers(child.pid)
      if (process.connected) process.disconnect()
      resolve(signal === null ? code : 128 + constants.signals[signal])
    })
  })
}

function passSignalsOn(child) {
  const last = new Map()
  let interrupts = 0
  const forward = signal => {
    const now = Date.now()
    if (now - (last.get(signal) ?? 0) < SAME_SIGNAL_MS) return
    last.set(signal, now)
    if (signal === 'SIGINT') interrupts += 1
    if (interrupts >= INTERRUPTS_BEFORE_KILL) signalGroup(child.pid, 'SIGKILL')
    // Only the child: it tells its own children in the order that drains them.
    else child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
}

/** What the child left behind gets a moment to notice that it is gone, then ends. */
async function endLeftovers(pid) {
  for (let waited = 0; waited < LEFTOVER_MS; waited += 50) {
    if (!signalGroup(pid, 0)) return
    await sleep(50)
  }
  signalGroup(pid, 'SIGKILL')
}

/** False when nothing is left in the group. */
function signalGroup(pid, signal) {
  if (pid === undefined) return false
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    if (error.code === 'ESRCH' || error.code === 'EPERM') return false // EPERM: macOS on a group of zombies
    throw error
  }
}
