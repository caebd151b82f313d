// The processes of a run, each on its own core. Whatever ends this process ends them: a signal, an error, or the kernel
// itself where nothing of ours could run any more.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import process from 'node:process'

/** Load and upstream share a core; what is measured has the other to itself. */
export const CORES = { load: '0', underTest: '1' } as const
export type Core = keyof typeof CORES

export interface Child {
  readonly pid: number
  readonly process: ChildProcess
  /** What it has said on standard error, the newest part. */
  readonly said: () => string
  readonly end: () => Promise<void>
}

export interface Launch {
  readonly command: readonly [program: string, ...args: string[]]
  readonly core: Core
  readonly env?: Readonly<Record<string, string>>
  /** A Node program that reports by IPC and writes a line a call, which goes nowhere. */
  readonly isNode?: boolean
}

const MOST_SAID = 4_000
const END_MS = 5_000
/** nginx removes its own files as it ends, which must not meet their removal with the folder. */
const LAST_WORDS_MS = 300
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export class Children {
  readonly #running = new Set<ChildProcess>() // bounded by the arms, the upstream and one load generator
  readonly #asked = new WeakSet<ChildProcess>()
  readonly #started: Child[] = [] // bounded by the arms, times the starts of one run

  /** `folder` goes when everything has ended. */
  constructor(folder: string) {
    for (const [signal, code] of Object.entries(SIGNALS))
      process.on(signal, () => process.exit(code))
    process.on('disconnect', () => process.exit(SIGNALS.SIGTERM)) // whoever started this is gone
    process.on('exit', () => {
      // nginx is asked, not killed: its worker would outlive a master that had no time to end it.
      for (const child of this.#running) child.kill(this.#asked.has(child) ? 'SIGTERM' : 'SIGKILL')
      if (this.#running.size > 0) pauseHere(LAST_WORDS_MS)
      rmSync(folder, { recursive: true, force: true })
    })
  }

  start({ command, core, env = {}, isNode = false }: Launch): Child {
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'TERM', 'taskset', '-c', CORES[core], ...command],
      {
        env: { ...process.env, ...env },
        stdio: isNode ? ['ignore', 'ignore', 'ignore', 'ipc'] : ['ignore', 'ignore', 'pipe'],
      },
    )
    this.#running.add(child)
    if (command[0] === 'nginx') this.#asked.add(child)
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-MOST_SAID)
    })
    const ended = new Promise<void>(resolve => {
      child.once('error', () => resolve())
      child.once('exit', () => resolve())
    }).then(() => void this.#running.delete(child))
    const started: Child = {
      pid: child.pid ?? 0,
      process: child,
      said: () => said.trim(),
      end: async () => {
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
        await ended
        clearTimeout(late)
      },
    }
    this.#started.push(started)
    return started
  }

  /** Resolves when all that was started has ended. */
  async endAll(): Promise<void> {
    await Promise.all(this.#started.map(child => child.end()))
  }

  /** Runs to its end and returns what it wrote; throws with its own words where it fails. */
  async output(command: Launch['command'], core: Core): Promise<string> {
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'TERM', 'taskset', '-c', CORES[core], ...command],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#running.add(child)
    const parts: string[] = []
    child.stdout.on('data', (chunk: Buffer) => parts.push(chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => parts.push(chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    this.#running.delete(child)
    const text = parts.join('')
    if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${text.trim()}`)
    return text
  }
}

/** Where no event can be waited for any more: the process is about to end. */
const pauseHere = (ms: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** The first IPC message; an error when it ends without one. */
export async function firstMessage(child: Child, name: string): Promise<Record<string, unknown>> {
  const listening = once(child.process, 'message')
  const ended = once(child.process, 'exit')
  const [message] = (await Promise.race([listening, ended.then(() => [undefined])])) as [
    Record<string, unknown> | undefined,
  ]
  if (message === undefined) throw new Error(`${name} ended before it listened`)
  return message
}

const REACH_ATTEMPTS = 100
const REACH_PAUSE_MS = 50

/** Resolves when a GET is answered, and well. */
export async function untilAnswers(
  url: string,
  child: Child,
  isGood: (response: Response) => boolean = response => response.ok,
): Promise<void> {
  for (let left = REACH_ATTEMPTS; left > 0; left -= 1) {
    const ok = await fetch(url).then(isGood, () => false)
    if (ok) return
    if (child.process.exitCode !== null) break
    await new Promise(resolve => setTimeout(resolve, REACH_PAUSE_MS))
  }
  throw new Error(`nothing answers at ${url}${child.said() === '' ? '' : `: ${child.said()}`}`)
}
