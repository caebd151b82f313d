// Runs one test file as a process in a group of its own, so that a file that hangs is ended with all it started.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestLine } from './event-lines.ts'

export interface FileResult {
  readonly file: string
  readonly ms: number
  readonly lines: readonly TestLine[]
  /** What the file printed, its end where that is long. */
  readonly output: string
}

export interface TestFileOptions {
  readonly root: string
  /** Folder for the reporter's lines. */
  readonly scratch: string
  readonly timeoutMs: number
  /** Told of each process group, so that an interrupted run can end it. */
  readonly onGroup: (pid: number, isRunning: boolean) => void
}

const KEPT_OUTPUT = 64_000
const LAST_OUTPUT_MS = 1_000

export async function runTestFile(file: string, options: TestFileOptions): Promise<FileResult> {
  const began = performance.now()
  const linesFile = join(options.scratch, `${file.replaceAll('/', '+')}.jsonl`)
  const ended = await run(file, linesFile, options)
  const lines = readLines(linesFile)
  const trouble = troubleOf(ended, lines, options.timeoutMs)
  return {
    file,
    ms: performance.now() - began,
    lines:
      trouble === undefined ? lines : [...lines, { kind: 'failed', name: file, error: trouble }],
    output: ended.output,
  }
}

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly isTimedOut: boolean
  readonly output: string
}

function run(file: string, linesFile: string, options: TestFileOptions): Promise<Ended> {
  const reporter = join(import.meta.dirname, 'event-lines.ts')
  const child = spawn(
    process.execPath,
    [`--test-reporter=${reporter}`, `--test-reporter-destination=${linesFile}`, file],
    { cwd: options.root, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  )
  const { pid } = child
  if (pid !== undefined) options.onGroup(pid, true)
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise(resolve => {
    let isTimedOut = false
    const timer = setTimeout(() => {
      isTimedOut = true
      endGroup(pid)
    }, options.timeoutMs)
    const finish = (code: number | null, signal: string | null): void => {
      clearTimeout(timer)
      if (pid !== undefined) options.onGroup(pid, false)
      resolve({ code, signal, isTimedOut, output })
    }
    child.on('error', error => {
      output += error.message
      finish(1, null)
    })
    child.on('exit', (code, signal) => {
      endGroup(pid) // what a test forgot must not disturb the next one
      const late = setTimeout(finish, LAST_OUTPUT_MS, code, signal) // a process outside the group may hold the pipe
      child.on('close', () => {
        clearTimeout(late)
        finish(code, signal)
      })
    })
  })
}

export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // gone already, as wanted
  }
}

function readLines(path: string): TestLine[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // no test was declared
  }
  return text
    .split('\n')
    .slice(0, -1) // a line without its end was cut off with the process
    .map(line => JSON.parse(line) as TestLine)
}

/** What is wrong with the file as a whole, beyond the tests that failed in it. */
function troubleOf(
  ended: Ended,
  lines: readonly TestLine[],
  timeoutMs: number,
): string | undefined {
  if (ended.isTimedOut)
    return `did not end within ${timeoutMs / 1_000} s; a handle is open or a test hangs`
  if (ended.signal !== null) return `was ended by ${ended.signal}`
  if (ended.code !== 0 && !lines.some(({ kind }) => kind === 'failed'))
    return `ended with code ${ended.code}, and not by a failed test`
  if (!lines.some(({ kind }) => kind !== 'note')) return 'declares no test'
  return undefined
}
