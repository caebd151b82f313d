// Calls with ids of their own through a router, and what each caller was told of its own.
import { Pool } from 'undici'
import { type OpenLoop, openLoop } from '#test/support/open-loop.ts'
import { callParams, legacyRequest, modernRequest, problemOf } from '#test/support/raw-http.ts'
import { nowMs } from './ledger.ts'
import type { HeldSession } from './sessions.ts'

/**
 * `done`: a result. `not_done`: the tool is said not to have run. `unknown`: it may have run, says the answer. `mute`: no answer that says
 * either, the worst of them. `left`: its caller did not wait.
 */
export type Fate = 'done' | 'not_done' | 'unknown' | 'mute' | 'left'

export interface Told {
  readonly call: string
  readonly tool: string
  readonly session?: string
  readonly sentMs: number
  readonly endedMs: number
  readonly fate: Fate
  /** The refusal's code, or what went wrong. */
  readonly says: string
}

export interface Asking {
  /** The tool's name at this caller's virtual server. */
  readonly tool: string
  readonly args?: Readonly<Record<string, unknown>>
  /** Of the modern era where it is absent. */
  readonly era?: 'legacy'
  /** Of a legacy caller; it is told when its session is lost. */
  readonly session?: HeldSession | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Calls {
  readonly told: readonly Told[]
  /** One call; resolves with what was told, which is kept as well. */
  readonly one: (asking: Asking) => Promise<Told>
  /** Calls at a steady rate, each asked for what it is; `stop` resolves when the last has ended. */
  readonly steady: (perSecond: number, asking: (count: number) => Asking) => OpenLoop
  readonly close: () => Promise<void>
}

/** `connections`: kept to the router; more calls than these wait for one. */
export function openCalls(url: string, prefix = 'c', connections = 1_024): Calls {
  const { origin, pathname: path } = new URL(url)
  const pool = new Pool(origin, { connections })
  const told: Told[] = []
  let calls = 0
  const one = async (asking: Asking): Promise<Told> => {
    const { tool, args = {}, headers = {}, signal, session } = asking
    const held = session?.id
    const call = `${prefix}-${calls}`
    calls += 1
    const ask = asking.era === 'legacy' || held !== undefined ? legacyRequest : modernRequest
    const request = ask('tools/call', callParams(tool, { ...args, call }), {
      id: call,
      ...(held === undefined ? {} : { session: held }),
    })
    const sentMs = nowMs()
    const [fate, says]: readonly [Fate, string] = await fateOf(
      pool.request({
        method: 'POST',
        path,
        headers: { ...request.headers, ...headers },
        body: request.body ?? null,
        ...(signal === undefined ? {} : { signal }),
      }),
    )
    const isLeft = fate === 'mute' && signal?.aborted === true
    if (held !== undefined && says === 'RINGMAIN_SESSION_UNKNOWN') session?.lost(held)
    const is: Told = {
      call,
      tool,
      ...(session === undefined || held === undefined ? {} : { session: session.name }),
      sentMs,
      endedMs: nowMs(),
      fate: isLeft ? 'left' : fate,
      says,
    }
    told.push(is)
    return is
  }
  return {
    told,
    one,
    steady: (perSecond, asking) =>
      openLoop(perSecond, async count => {
        const { fate, says } = await one(asking(count))
        return fate === 'done' ? undefined : says
      }),
    close: () => pool.destroy(),
  }
}

async function fateOf(asked: ReturnType<Pool['request']>): Promise<readonly [Fate, string]> {
  try {
    const { statusCode, headers, body } = await asked
    const bytes = Buffer.from(await body.arrayBuffer())
    return fateIn(statusCode, { headers, body: bytes })
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException
    return ['mute', code ?? (name === 'Error' ? message : name)]
  }
}

type Answer = Parameters<typeof problemOf>[0]

/** What a whole answer tells its caller. */
export function fateIn(status: number, answer: Answer): readonly [Fate, string] {
  try {
    const problem = problemOf(answer)
    if (problem !== undefined)
      return [problem.executed === 'no' ? 'not_done' : 'unknown', problem.code]
  } catch {
    return ['mute', `HTTP ${status}: ${answer.body.toString().slice(0, 100)}`]
  }
  const text = answer.body.toString()
  return status === 200 && text.includes('"result"')
    ? ['done', '']
    : ['unknown', `HTTP ${status}: ${text.slice(0, 100)}`]
}

export const latencies = (told: readonly Told[]): readonly number[] =>
  told.map(({ sentMs, endedMs }) => endedMs - sentMs).sort((a, b) => a - b)

export const between = (told: readonly Told[], fromMs: number, toMs: number): readonly Told[] =>
  told.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs)

/** How often each was said, for people. */
export function wordsOf(told: readonly Told[]): string {
  const counts = new Map<string, number>()
  for (const { says } of told) counts.set(says, (counts.get(says) ?? 0) + 1)
  return [...counts].map(([says, count]) => `${count} × ${says}`).join(', ') || 'none'
}
