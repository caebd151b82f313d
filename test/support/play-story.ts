// A story as a process of its own, heard while it plays.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Played {
  /** What it printed. */
  readonly output: string
  /** Null where a signal ended it. */
  readonly code: number | null
}

/** Prints what it prints, and ends it if this process ends first. */
export async function playStory(file: string, words: readonly string[]): Promise<Played> {
  const child = spawn(process.execPath, [file, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): boolean => child.kill('SIGTERM')
  process.once('exit', end)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    process.stdout.write(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('exit', end)
  return { output, code }
}
