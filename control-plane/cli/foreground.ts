// Runs one child as if it were this process: signals go on to it, its exit code comes back.
// The child has a process group of its own, or a Ctrl-C at the terminal would reach it twice.
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Settles with the child's exit code; with 128 and the signal's number when a signal ended it. */
export async function runInForeground(child: ChildProcess): Promise<number> {
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, forward)
  const endWithParent = (): void => {
    child.kill('SIGTERM')
  }
  if (process.channel) process.once('disconnect', endWithParent)
  try {
    return await exitCodeOf(child)
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward)
    process.off('disconnect', endWithParent)
  }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal])),
    )
  })
}
