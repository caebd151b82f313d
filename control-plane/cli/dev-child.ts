// A process that `ringmain dev` starts: its output goes to a log file, and a channel ends it when this process ends.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { EXIT, Failure } from './failure.ts'

export interface ChildSpec {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly logFile: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Child {
  readonly name: string
  readonly pid: number | undefined
  readonly logFile: string
  /** Settles once, when the process is gone. */
  readonly exited: Promise<Exit>
  readonly isGone: () => boolean
  readonly kill: (signal: NodeJS.Signals) => void
  /** The first message of this type; a failure when the process ends before, or says nothing in time. */
  readonly firstMessage: <Message>(type: string, limitMs: number) => Promise<Message>
}

const LOG_TAIL_LINES = 4
const MAX_LOG_BYTES = 64 * 1_048_576

export function startChild(spec: ChildSpec): Child {
  mkdirSync(dirname(spec.logFile), { recursive: true })
  writeFileSync(spec.logFile, '')
  // Opened to append: a log that is cut while it is written to goes on at its new end.
  const log = openSync(spec.logFile, 'a')
  const child = spawn(process.execPath, [spec.file, ...spec.args], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...spec.env },
    // A Ctrl-C at the terminal goes to the whole group, and the router must drain before its replicas end.
    detached: true,
  })
  closeSync(log)
  const exited = exitOf(child)
  let isGone = false
  void exited.then(() => {
    isGone = true
  })
  return {
    name: spec.name,
    pid: child.pid,
    logFile: spec.logFile,
    exited,
    isGone: () => isGone,
    kill: signal => void child.kill(signal),
    firstMessage: (type, limitMs) => firstMessage(child, spec, { type, limitMs }),
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise(resolve => {
    child.once('error', () => resolve({ code: 1, signal: null }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

function firstMessage<Message>(
  child: ChildProcess,
  spec: ChildSpec,
  { type, limitMs }: { readonly type: string; readonly limitMs: number },
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => finish(() => reject(notStarted(spec, `no word from it within ${limitMs / 1_000} s`))),
      limitMs,
    )
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
      finish(() => reject(notStarted(spec, `it ended with ${signal ?? `exit code ${code}`}`)))
    const onError = (error: Error): void => finish(() => reject(notStarted(spec, error.message)))
    const onMessage = (message: unknown): void => {
      if ((message as { readonly type?: unknown }).type === type) {
        finish(() => resolve(message as Message))
      }
    }
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      child.off('exit', onExit).off('error', onError).off('message', onMessage)
      settle()
    }
    child.on('exit', onExit).on('error', onError).on('message', onMessage)
  })
}

function notStarted({ name, logFile }: ChildSpec, why: string): Failure {
  const tail = logTail(logFile)
  return new Failure(EXIT.failed, {
    code: 'not_started',
    what: `${name} did not start`,
    where: logFile,
    why:
      tail === ''
        ? why
        : `${why}; its last words:\n         ${tail.replaceAll('\n', '\n         ')}`,
    next: 'correct what its log says, then start again',
  })
}

function logTail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
}

/** A demo left running over a weekend must not fill the disk. */
export function cutLongLog(logFile: string): void {
  if (statSync(logFile).size > MAX_LOG_BYTES) truncateSync(logFile, 0)
}
