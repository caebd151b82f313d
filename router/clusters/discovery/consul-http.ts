// One GET at a time against the first Consul agent that answers. Every outcome is a value: a source that is away is no defect.
// The token goes in its header and nowhere else; what an agent says is cleaned before it reaches a sentence.
import { type Dispatcher, Pool } from 'undici'
import type { Wait } from './ports.ts'

/** 5,000 instances with their checks are about 16 MiB. */
const MAX_BYTES = 32 * 1_048_576
const BODY_MS = 10_000

export interface ConsulFault {
  /**
   * `refused`: asked again the answer would be the same until somebody acts. `busy` and `unreachable`: another agent may
   * do better. `garbled`: it answered, but not as Consul does. `hidden`: the token may not see what was asked for.
   */
  readonly kind: 'refused' | 'hidden' | 'busy' | 'unreachable' | 'garbled'
  readonly says: string
}

export interface ConsulAnswer {
  readonly index: string | undefined
  readonly isFilteredByAcl: boolean
  readonly knowsLeader: boolean
  readonly lastContactMs: number
  readonly body: unknown
}

export type ConsulOutcome = { readonly answer: ConsulAnswer } | { readonly fault: ConsulFault }

export interface ConsulHttp {
  readonly get: (
    path: string,
    limits: { readonly headersMs: number; readonly signal: AbortSignal },
  ) => Promise<ConsulOutcome>
  /** The agent that is asked now. */
  readonly agent: () => string
  readonly tryNextAgent: () => void
  readonly close: () => Promise<void>
}

export function createConsulHttp(options: {
  readonly agents: readonly string[]
  readonly token?: string | undefined
  readonly wait: Wait
}): ConsulHttp {
  const { agents, token, wait } = options
  const pools = openPools()
  let position = 0
  const agent = () => agents[position % agents.length] ?? ''
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(token === undefined || token === '' ? {} : { 'x-consul-token': token }),
  }
  const exchange = async (path: string, headersMs: number, deadline: Deadline) => {
    const url = new URL(agent())
    deadline.within(headersMs)
    const response = await pools.of(url.origin).request({
      method: 'GET',
      path: url.pathname.replace(/\/+$/, '') + path,
      headers,
      signal: deadline.signal,
    })
    deadline.within(BODY_MS)
    return { response, text: await readBody(response.body) }
  }
  return {
    agent,
    tryNextAgent() {
      position = (position + 1) % agents.length
    },
    async get(path, { headersMs, signal }) {
      const deadline = createDeadline(signal, wait)
      try {
        const { response, text } = await exchange(path, headersMs, deadline)
        return outcomeOf(response, text, agent(), token)
      } catch (error) {
        const reason = deadline.isOver() ? 'it did not answer in time' : reasonOf(error)
        return {
          fault: { kind: 'unreachable', says: `Consul at ${agent()} gave no answer: ${reason}` },
        }
      } finally {
        deadline.end()
      }
    },
    close: pools.close,
  }
}

/** One pool an agent; no more than there are agents. */
function openPools() {
  const pools = new Map<string, Pool>()
  return {
    of(origin: string): Pool {
      const known = pools.get(origin)
      if (known !== undefined) return known
      // Deadlines are ours (`wait`), since a blocking read and a plain one differ by a minute.
      const pool = new Pool(origin, {
        connections: 2,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: 5_000 },
      })
      pools.set(origin, pool)
      return pool
    },
    close: async () => {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}

interface Deadline {
  readonly signal: AbortSignal
  readonly within: (ms: number) => void
  readonly isOver: () => boolean
  readonly end: () => void
}

function createDeadline(outer: AbortSignal, wait: Wait): Deadline {
  const inner = new AbortController()
  let timer = new AbortController()
  let isOver = false
  const stop = () => inner.abort()
  if (outer.aborted) stop()
  outer.addEventListener('abort', stop, { once: true })
  return {
    signal: inner.signal,
    within(ms) {
      timer.abort()
      const mine = new AbortController()
      timer = mine
      void wait(ms, mine.signal).then(() => {
        if (mine.signal.aborted) return
        isOver = true
        inner.abort()
      })
    },
    isOver: () => isOver,
    end() {
      timer.abort()
      outer.removeEventListener('abort', stop)
    },
  }
}

async function readBody(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BYTES) throw new Error(`its answer is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function outcomeOf(
  response: Dispatcher.ResponseData,
  text: string,
  agent: string,
  token: string | undefined,
): ConsulOutcome {
  const { statusCode, headers } = response
  if (statusCode !== 200) {
    const said = quote(text, token)
    return {
      fault: {
        kind: kindOf(statusCode, text),
        says: `Consul at ${agent} answered ${statusCode}${said}`,
      },
    }
  }
  const header = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const body = parse(text)
  if (body === undefined)
    return {
      fault: {
        kind: 'garbled',
        says: `Consul at ${agent} answered with something that is not JSON`,
      },
    }
  const lastContactMs = Number(header('x-consul-lastcontact') ?? 0)
  return {
    answer: {
      index: header('x-consul-index'),
      isFilteredByAcl: header('x-consul-results-filtered-by-acls') === 'true',
      // An answer by the streaming backend says "false" whatever the truth: seen on 1.14.11 with a leader in place.
      knowsLeader:
        header('x-consul-knownleader') !== 'false' ||
        header('x-consul-query-backend') === 'streaming',
      lastContactMs: Number.isFinite(lastContactMs) ? lastContactMs : 0,
      body,
    },
  }
}

/** Consul up to 1.14 answers a filter that it cannot read with 500, as if the agent were ill. */
function kindOf(status: number, text: string): ConsulFault['kind'] {
  if (status === 429 || (status >= 500 && !text.includes('boolean expression'))) return 'busy'
  return 'refused'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function quote(text: string, token: string | undefined): string {
  const clean = token === undefined || token === '' ? text : text.replaceAll(token, '[token]')
  const line = clean.replaceAll(/[^\x20-\x7e]+/g, ' ').trim()
  return line === '' ? '' : `: ${line.slice(0, 200)}`
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined || message.includes(code) ? message : `${message} (${code})`.trim()
}
