// A router as a process of its own, as it is deployed: what it prints, what it logs, what it weighs, how it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogLine, viewsOf, writePolicies } from './running-router.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'router', 'main.ts')
const START_MS = 20_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RouterProcess extends ReturnType<typeof viewsOf> {
  readonly mcpUrl: string
  readonly adminUrl: string
  readonly policies: string
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** What it logged so far. */
  readonly lines: () => readonly LogLine[]
  readonly exited: Promise<Ended>
  /** Memory that it occupies now, in bytes. */
  readonly rss: () => number
  /** The most it has occupied. */
  readonly peakRss: () => number
  readonly kill: (signal: NodeJS.Signals) => void
  /** Ends it and removes its folder. */
  readonly close: () => Promise<void>
}

export interface RouterProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Kept; otherwise a new folder that goes with the process. */
  readonly state?: string
  /** How much of what it prints is kept, in characters; all of it when absent. */
  readonly keptOutput?: number
  /** For Node itself, before the program. */
  readonly flags?: readonly string[]
}

/** Resolves once it listens; rejects with what it said when it ends before. */
export async function startRouterProcess(
  documents: string | Readonly<Record<string, string>>,
  options: RouterProcessOptions = {},
): Promise<RouterProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-process-'))
  const policies = writePolicies(folder, documents)
  const env = {
    RINGMAIN_POLICIES: policies,
    RINGMAIN_STATE: options.state ?? join(folder, 'state'),
    ...options.env,
  }
  const spoken = launch(env, options)
  const { child, stdout, stderr, exited } = spoken
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const urls = await listening(spoken).catch((error: unknown) => {
    child.kill('SIGKILL')
    remove()
    throw error
  })
  return {
    ...urls,
    ...viewsOf(urls.adminUrl),
    policies,
    child,
    stdout,
    stderr,
    lines: () => linesIn(stderr()),
    exited,
    rss: () => memory(child, 'VmRSS'),
    peakRss: () => memory(child, 'VmHWM'),
    kill: signal => void child.kill(signal),
    close: async () => {
      child.kill('SIGKILL')
      await exited
      remove()
    },
  }
}

export interface Spoken {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exited: Promise<Ended>
}

/** Starts it with these settings and free ports, and waits for nothing. */
export function launch(
  env: Readonly<Record<string, string>>,
  {
    keptOutput = Number.POSITIVE_INFINITY,
    flags = [],
  }: Pick<RouterProcessOptions, 'keptOutput' | 'flags'> = {},
): Spoken {
  const child = spawn(process.execPath, [...flags, MAIN], {
    env: {
      PATH: process.env['PATH'],
      RINGMAIN_PORT: '0',
      RINGMAIN_ADMIN_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  // A test that fails must not leave it behind.
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  const heard = { stdout: '', stderr: '' }
  const endOfAll = (before: string, chunk: Buffer): string =>
    (before + chunk.toString()).slice(-keptOutput)
  child.stdout?.on('data', (chunk: Buffer) => (heard.stdout = endOfAll(heard.stdout, chunk)))
  child.stderr?.on('data', (chunk: Buffer) => (heard.stderr = endOfAll(heard.stderr, chunk)))
  const exited = endOf(child).finally(() => process.off('exit', end))
  return { child, stdout: () => heard.stdout, stderr: () => heard.stderr, exited }
}

/** After its last word. Node's own `close` event never comes where this side has closed the channel. */
async function endOf(child: ChildProcess): Promise<Ended> {
  const silent = [child.stdout, child.stderr].flatMap(stream =>
    stream === null ? [] : [once(stream, 'close')],
  )
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  await Promise.all(silent)
  return { code, signal }
}

function listening(
  spoken: Spoken,
): Promise<{ readonly mcpUrl: string; readonly adminUrl: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ mcpUrl: string; adminUrl: string }>()
  const fail = (why: string): void =>
    reject(new Error(`the router did not start: ${why}\n${spoken.stdout()}${spoken.stderr()}`))
  const timer = setTimeout(() => fail(`silent for ${START_MS} ms`), START_MS)
  spoken.child.on('message', (message: { type?: string; mcp: string; admin: string }) => {
    if (message.type === 'listening') resolve({ mcpUrl: message.mcp, adminUrl: message.admin })
  })
  void spoken.exited.then(({ code, signal }) => fail(`ended with ${signal ?? code}`))
  return promise.finally(() => clearTimeout(timer))
}

/** Lines that are not whole JSON are left out: the last may be on its way. */
function linesIn(text: string): readonly LogLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as LogLine)
}

function memory(child: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const kilobytes = new RegExp(`^${field}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`no ${field} of process ${child.pid}`)
  return Number(kilobytes) * 1_024
}

export const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`
