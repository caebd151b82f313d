// A program of the command line, asked once: what it printed, as JSON where it is that, and how it ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Said {
  readonly exit: number | null
  readonly said: unknown
  /** The end of what it printed besides. */
  readonly besides: string
}

const LIMIT_MS = 60_000
const MOST_BESIDES = 600

export async function askedProgram(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Said> {
  const child = spawn(program, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  let [text, besides] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    besides = (besides + chunk.toString()).slice(-MOST_BESIDES)
  })
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, said: parsed(text), besides }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
