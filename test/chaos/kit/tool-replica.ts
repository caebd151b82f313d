// A tool server's process from outside: started, told how to behave, stopped, killed, and started again at its place.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Ledger } from './ledger.ts'

/** How it behaves from now on. */
export interface Mood {
  /** What a call takes that does not say itself. */
  readonly delayMs: number
  /** Calls are turned away after one millisecond and do not run; checks are answered as ever. */
  readonly refuseWith?: 429 | 503
}

export interface ToolReplica {
  readonly name: string
  readonly port: number
  readonly behave: (mood: Mood) => void
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** SIGTERM; resolves when it is gone. */
  readonly end: () => Promise<void>
  /** SIGSTOP: its connections stand and nobody reads. */
  readonly stop: () => void
  /** SIGCONT. */
  readonly go: () => void
  /** A new process on the same port, in the mood of the one before. */
  readonly start: () => Promise<void>
}

const PROGRAM = join(import.meta.dirname, 'tool-process.ts')

export async function startToolReplica(
  name: string,
  ledger: Ledger,
  mood: Mood = { delayMs: 0 },
): Promise<ToolReplica> {
  let now = mood
  let { child, port } = await launch(name, ledger, 0)
  child.send(now)
  const leave = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    name,
    port,
    behave: next => {
      now = next
      if (child.connected) child.send(next)
    },
    kill: () => leave('SIGKILL'),
    end: () => leave('SIGTERM'),
    stop: () => void child.kill('SIGSTOP'),
    go: () => void child.kill('SIGCONT'),
    start: async () => {
      await leave('SIGKILL')
      ;({ child, port } = await launch(name, ledger, port))
      child.send(now)
    },
  }
}

async function launch(
  name: string,
  { folder }: Ledger,
  port: number,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const words = ['--ledger', folder, '--name', name, `--port=${port}`]
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(child, 'message')) as [{ readonly port: number }]
  return { child, port: message.port }
}
