// A replica of the demo as a process of its own, to be killed and started again at its place.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'expenses')

export interface DemoReplica {
  readonly name: string
  readonly port: number
  readonly url: string
  /** How often its tools ran since it started. */
  readonly executions: () => Promise<number>
  readonly kill: () => Promise<void>
  /** A new process on the same port. */
  readonly restart: () => Promise<void>
}

export async function startDemoReplica(program: string, name: string): Promise<DemoReplica> {
  let { child, port } = await launch(program, name, 0)
  const url = `http://127.0.0.1:${port}`
  return {
    name,
    port,
    url: `${url}/mcp`,
    executions: async () => {
      const view = (await (await fetch(`${url}/executions`)).json()) as {
        readonly executions: Readonly<Record<string, number>>
      }
      return Object.values(view.executions).reduce((sum, count) => sum + count, 0)
    },
    kill: () => end(child),
    restart: async () => {
      await end(child)
      ;({ child, port } = await launch(program, name, port))
    },
  }
}

async function launch(
  program: string,
  name: string,
  port: number,
): Promise<{ child: ChildProcess; port: number }> {
  const file = join(FOLDER, `${program}.ts`)
  const child = spawn(process.execPath, [file, '--name', name, `--port=${port}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(child, 'message')) as [{ readonly port: number }]
  return { child, port: message.port }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
