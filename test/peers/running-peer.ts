// A tool server as a process of its own: started on a free port, there when it answers anything, and ended with all that it started.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { freePort } from '#test/support/free-port.ts'
import { until } from '#test/support/until.ts'

export interface RunningPeer {
  readonly url: string
  readonly close: () => Promise<void>
}

const START_LIMIT_MS = 60_000

export async function startedPeer(
  program: string,
  words: (port: number) => readonly string[],
  env: (port: number) => NodeJS.ProcessEnv = () => ({}),
): Promise<RunningPeer> {
  const port = await freePort()
  const child = spawn(program, words(port), {
    env: { ...process.env, ...env(port) },
    stdio: 'ignore',
    detached: true, // a proxy and what it starts end together
  })
  const end = (): void => endGroup(child) // a run that is broken off must not leave it behind
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  const url = `http://127.0.0.1:${port}/mcp`
  const name = basename(program)
  await until(`${name} to listen`, () => answers(child, name, url), START_LIMIT_MS)
  return { url, close: () => ended(child) }
}

/** With a folder of its own, which goes with it. */
export async function startedIn(
  start: (folder: string) => Promise<RunningPeer>,
): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-peer-'))
  const peer = await start(folder)
  return {
    url: peer.url,
    close: async () => {
      await peer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(child: ChildProcess, name: string, url: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
  return fetch(url, { method: 'DELETE' }).then(
    () => true,
    () => false,
  )
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  endGroup(child)
  await exited
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // all of it has ended by itself
  }
}
