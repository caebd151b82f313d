// Calls at a steady rate, whatever becomes of them: a generator that waits for answers would hide the very moments that matter.
import { Pool } from 'undici'
import type { RawRequest } from './raw-http.ts'

export interface Failure {
  /** When it was sent, and when it was known to have failed. */
  readonly atMs: number
  readonly endedMs: number
  readonly what: string
}

export interface LoadReport {
  readonly sent: number
  readonly ok: number
  readonly failures: readonly Failure[]
  /** Milliseconds of the calls that went well, rising. */
  readonly latencies: readonly number[]
  readonly mostAtOnce: number
  readonly perSecond: number
}

export interface OpenLoop {
  readonly inFlight: () => number
  readonly sent: () => number
  /** Sends no more, waits for what is under way, and reports. */
  readonly stop: () => Promise<LoadReport>
}

const TICK_MS = 5

/** `call` is told its number and resolves with what went wrong, or with nothing. It must not reject. */
export function openLoop(
  perSecond: number,
  call: (count: number) => Promise<string | undefined>,
): OpenLoop {
  const beganMs = performance.now()
  const latencies: number[] = []
  const failures: Failure[] = []
  const running = new Set<Promise<void>>()
  let [sent, mostAtOnce] = [0, 0]
  const one = async (count: number): Promise<void> => {
    const atMs = performance.now()
    const what = await call(count)
    if (what === undefined) latencies.push(performance.now() - atMs)
    else failures.push({ atMs, endedMs: performance.now(), what })
  }
  const tick = setInterval(() => {
    const due = ((performance.now() - beganMs) * perSecond) / 1_000
    while (sent < due) {
      const going = one(sent).finally(() => running.delete(going))
      running.add(going)
      sent += 1
    }
    mostAtOnce = Math.max(mostAtOnce, running.size)
  }, TICK_MS)
  return {
    inFlight: () => running.size,
    sent: () => sent,
    stop: async () => {
      clearInterval(tick)
      const tookMs = performance.now() - beganMs
      await Promise.all(running)
      return {
        sent,
        ok: latencies.length,
        failures,
        latencies: latencies.sort((a, b) => a - b),
        mostAtOnce,
        perSecond: (sent * 1_000) / tookMs,
      }
    },
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export interface Caller {
  /** Undefined when a whole answer without an error came; else what came, in a word or two. */
  readonly call: (request: RawRequest) => Promise<string | undefined>
  readonly close: () => Promise<void>
}

/** Calls one endpoint over kept connections. */
export function openCaller(url: string, connections = 256): Caller {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections })
  return {
    call: async ({ headers, body }) => {
      try {
        const answer = await pool.request({
          method: 'POST',
          path: pathname,
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
        })
        return troubleIn(answer.statusCode, await answer.body.text())
      } catch (error) {
        return `no answer: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`
      }
    },
    close: () => pool.close(),
  }
}

function troubleIn(status: number, text: string): string | undefined {
  if (status !== 200) return `HTTP ${status}: ${text.slice(0, 200)}`
  if (/"isError":\s*true/.test(text) || !/"result":/.test(text)) return text.slice(0, 300)
  return undefined
}
