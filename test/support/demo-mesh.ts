// The demo mesh as a person starts it: the real command as a process, on free ports, with a state folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { someoneUses } from './processes.ts'
import { until } from './until.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')
const MAIN = join(ROOT, 'control-plane', 'cli', 'main.ts')
const START_LIMIT_MS = 90_000
const END_LIMIT_MS = 20_000

export interface DemoMesh {
  readonly process: ChildProcess
  readonly state: string
  readonly mcpUrl: string
  readonly adminUrl: string
  readonly consulUrl: string | undefined
  /** All that it has printed and said so far. */
  readonly output: () => string
  readonly replicaPort: (name: string) => number
  /** Processes of the mesh: the router and every replica. */
  readonly pids: () => Promise<ReadonlyMap<string, number>>
  /** Another command of the same checkout, on this mesh; kept running until it ends or the mesh is closed. */
  readonly ringmain: (...args: readonly string[]) => Command
  readonly close: () => Promise<void>
}

export interface Command {
  readonly process: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<{
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }>
}

export async function startDemoMesh(...flags: readonly string[]): Promise<DemoMesh> {
  const state = mkdtempSync(join(tmpdir(), 'ringmain-demo-'))
  const child = spawn(
    process.execPath,
    [MAIN, 'dev', '--port', '0', '--admin-port', '0', '--state', state, ...flags],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  )
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const commands: ChildProcess[] = []
  const close = async (): Promise<void> => {
    for (const command of commands) command.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await until('every process of the mesh to end', () => !someoneUses(state), END_LIMIT_MS)
    rmSync(state, { recursive: true, force: true })
  }
  try {
    await until(
      'the ready block',
      () => {
        if (child.exitCode !== null) throw new Error(`dev ended with ${child.exitCode}:\n${output}`)
        return /^ {2}stop /m.test(output)
      },
      START_LIMIT_MS,
    )
  } catch (error) {
    await close()
    throw new Error(`the demo mesh did not start:\n${output}`, { cause: error })
  }
  const mcpUrl = /MCP endpoint +(\S+)/.exec(output)?.[1] ?? ''
  const adminUrl = /admin +(\S+)\/readyz/.exec(output)?.[1] ?? ''
  const record = JSON.parse(readFileSync(join(state, 'dev.json'), 'utf8')) as {
    readonly replicas: readonly Replica[]
  }
  return {
    process: child,
    state,
    mcpUrl,
    adminUrl,
    consulUrl: /Consul +(\S+)\/ui/.exec(output)?.[1],
    output: () => output,
    replicaPort: name => record.replicas.find(one => one.name === name)?.port ?? 0,
    pids: () => pidsOf(adminUrl, record.replicas),
    ringmain: (...args) => {
      const command = runCommand(args)
      commands.push(command.process)
      return command
    },
    close,
  }
}

interface Replica {
  readonly name: string
  readonly port: number
}

async function pidsOf(
  adminUrl: string,
  replicas: readonly Replica[],
): Promise<ReadonlyMap<string, number>> {
  const router = await pidAt(`${adminUrl}/debug/router`)
  const others = replicas.map(
    async ({ name, port }) => [name, await pidAt(`http://127.0.0.1:${port}/executions`)] as const,
  )
  return new Map([['router', router], ...(await Promise.all(others))])
}

async function pidAt(url: string): Promise<number> {
  return ((await (await fetch(url)).json()) as { readonly pid: number }).pid
}

function runCommand(args: readonly string[]): Command {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = Promise.all([text(child.stdout), once(child, 'close')]).then(
    ([stdout, [code]]) => ({
      code: code as number | null,
      stdout,
      stderr,
    }),
  )
  return { process: child, stderr: () => stderr, ended }
}
