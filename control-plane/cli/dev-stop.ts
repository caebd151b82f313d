// How `ringmain dev` ends: asked once it drains, asked twice it stops at once, and nothing it started stays behind.
// As a whole and not by name: a test that rules over time replaces its members.
import timers from 'node:timers/promises'
import type { Child, Exit } from './dev-child.ts'
import { EXIT } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** npm, the shell and the terminal may each pass on one and the same Ctrl-C. */
const SAME_REQUEST_MS = 500
/** What the router may take beyond its own limit before it is killed. */
const ROUTER_MARGIN_MS = 2_000
const REPLICA_LIMIT_MS = 4_000
const COUNT_DOWN_MS = 1_000
const KILLED_MS = 2_000

export interface StopRequest {
  readonly exitCode: number
  readonly why: string
}

export interface StopRequests {
  /** Settles when somebody wants an end. */
  readonly first: Promise<StopRequest>
  /** Aborted when somebody wants it now. */
  readonly now: AbortSignal
  readonly close: () => void
}

export function listenForStop(): StopRequests {
  const { promise: first, resolve } = Promise.withResolvers<StopRequest>()
  const now = new AbortController()
  let firstAtMs: number | undefined
  const ask = (request: StopRequest) => (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now()
      resolve(request)
    } else if (performance.now() - firstAtMs > SAME_REQUEST_MS) now.abort()
  }
  const listeners = {
    SIGINT: ask({ exitCode: EXIT.interrupted, why: 'interrupted' }),
    SIGTERM: ask({ exitCode: EXIT.terminated, why: 'terminated' }),
    SIGHUP: ask({ exitCode: EXIT.terminated, why: 'the terminal is gone' }),
  } as const
  const orphaned = ask({ exitCode: EXIT.terminated, why: 'the process that started it is gone' })
  for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener)
  if (process.channel) process.on('disconnect', orphaned)
  return {
    first,
    now: now.signal,
    close: () => {
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener)
      process.off('disconnect', orphaned)
    },
  }
}

export interface Family {
  readonly router: Child | undefined
  readonly replicas: readonly Child[]
  readonly consul: { readonly child: Child; readonly pid: number } | undefined
}

export interface StopLimits {
  readonly drainMs: number
  readonly now: AbortSignal
}

/** The router first, so that its calls in flight still find their replicas. */
export async function stopFamily(
  family: Family,
  limits: StopLimits,
  terminal: Terminal,
): Promise<void> {
  const { router, replicas, consul } = family
  if (router !== undefined) await drainRouter(router, limits, terminal)
  await endAll(replicas, REPLICA_LIMIT_MS, limits.now)
  if (consul === undefined) return
  await endAll([consul.child], REPLICA_LIMIT_MS, limits.now)
  // The agent outlives its guard only when that one was killed; a pid of an ended agent may be somebody else's by now.
  if ((await consul.child.exited).signal !== null) killLeftover(consul.pid)
}

async function drainRouter(
  router: Child,
  { drainMs, now }: StopLimits,
  terminal: Terminal,
): Promise<void> {
  if (router.isGone()) return
  router.kill('SIGTERM')
  const endsAtMs = performance.now() + drainMs
  while (!now.aborted && performance.now() < endsAtMs + ROUTER_MARGIN_MS) {
    if ((await exitWithin(router, COUNT_DOWN_MS, now)) !== undefined) return
    const seconds = Math.max(0, Math.ceil((endsAtMs - performance.now()) / 1_000))
    terminal.say(`  calls in flight may finish: ${seconds} s left (Ctrl-C again stops now)`)
  }
  if (!router.isGone()) {
    terminal.say('  the router is stopped now; calls in flight are cut')
    await kill([router])
  }
}

async function endAll(
  children: readonly Child[],
  limitMs: number,
  now: AbortSignal,
): Promise<void> {
  for (const child of children) if (!child.isGone()) child.kill('SIGTERM')
  await Promise.all(children.map(child => exitWithin(child, limitMs, now)))
  await kill(children)
}

async function kill(children: readonly Child[]): Promise<void> {
  const left = children.filter(child => !child.isGone())
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map(child => exitWithin(child, KILLED_MS)))
}

/** Undefined when it still runs after the time, or when somebody wants the end now. */
async function exitWithin(
  child: Child,
  limitMs: number,
  now?: AbortSignal,
): Promise<Exit | undefined> {
  const done = new AbortController()
  const signal = now === undefined ? done.signal : AbortSignal.any([done.signal, now])
  const limit = timers.setTimeout(limitMs, undefined, { signal }).catch(() => undefined)
  const exit = await Promise.race([child.exited, limit])
  done.abort()
  return exit
}

function killLeftover(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
