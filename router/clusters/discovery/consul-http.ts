// One GET at a time against the first Consul agent that answers. Every outcome is a value: a source that is away is no defect.
// The token goes in its header and nowhere else; what an agent says is cleaned before it reaches a sentence.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { Clock } from '#foundation/clock.ts'
import { createBreather } from './breather.ts'
import type { ConsulAccess } from './consul-access.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { createJsonElements } from './json-elements.ts'
import type { Wait } from './ports.ts'

/** 10,000 instances with a check each are 14 MiB; nothing but one entry is held of it. */
const MAX_BYTES = 64 * 1_048_576
/** Meta is at most 40 KB and a check's output 4 KB: this leaves room for hundreds of checks. */
const MAX_ENTRY_BYTES = 1_048_576
/** What is quoted of a refusal comes from its beginning. */
const MAX_SAID_BYTES = 4_096
const BODY_MS = 10_000

export interface ConsulFault {
  /**
   * `refused`: asked again the answer would be the same until somebody acts. `busy` and `unreachable`: another agent may
   * do better. `untrusted`: no TLS between the two. `garbled`: it answered, but not as Consul does. `hidden`: the token may not see what was asked for.
   */
  readonly kind: 'refused' | 'hidden' | 'busy' | 'unreachable' | 'untrusted' | 'garbled'
  readonly says: string
  /** Nobody listens there: to ask costs next to nothing. */
  readonly isNobody?: true
}

export interface ConsulAnswer {
  readonly index: string | undefined
  readonly isFilteredByAcl: boolean
  /** The agent denies what no policy allows, and was asked without a token: nothing may mean nothing to see. */
  readonly isBlind: boolean
  /** As it says; that of the streaming backend says nothing. */
  readonly knowsLeader: boolean
  readonly lastContactMs: number
  readonly backend: string | undefined
  /** It says what the one before said, and was not read. */
  readonly isKnown?: true
}

export type ConsulOutcome = { readonly answer: ConsulAnswer } | { readonly fault: ConsulFault }

export interface ConsulRequest {
  readonly headersMs: number
  readonly signal: AbortSignal
  /** Is given the bytes of each element of the list as it arrives, and says whether they are JSON; the answer is whole only when the outcome says so. */
  readonly onEntry: (entry: Buffer) => boolean
  /** Judged by its headers: an answer that says what is known already is not read. */
  readonly isKnown?: (answer: ConsulAnswer) => boolean
}

export interface ConsulHttp {
  readonly get: (path: string, request: ConsulRequest) => Promise<ConsulOutcome>
  /** The agent that is asked now. */
  readonly agent: () => string
  readonly tryNextAgent: () => void
  /** Asks the first agent again if it was left; true when that one knows a leader and is asked from now on. */
  readonly tryPreferred: (signal: AbortSignal) => Promise<boolean>
  /** Whether the agent that is asked now knows a leader; undefined when it does not tell. */
  readonly knowsLeader: (signal: AbortSignal) => Promise<boolean | undefined>
}

/** How long an agent may take to say whether there is a leader: the watch waits for it. */
const LEADER_MS = 1_500

export function createConsulHttp(
  access: ConsulAccess,
  ports: { readonly wait: Wait; readonly clock: Clock },
): ConsulHttp {
  const { agents } = access
  let position = 0
  const agent = () => agents[position % agents.length] ?? ''
  return {
    agent,
    tryNextAgent() {
      position = (position + 1) % agents.length
    },
    async get(path, request) {
      const unusable = await access.load()
      if (unusable !== undefined) return { fault: { kind: 'refused', says: unusable } }
      const deadline = createDeadline(request.signal, ports.wait)
      try {
        return await exchange({ access, base: agent(), path }, request, {
          deadline,
          clock: ports.clock,
        })
      } catch (error) {
        const reason = deadline.isOver() ? 'it did not answer in time' : reasonOf(error)
        return {
          fault: {
            kind: isTlsFault(agent(), codeOf(error)) ? 'untrusted' : 'unreachable',
            says: `Consul at ${agent()} gave no answer: ${reason}`,
            ...(codeOf(error) === 'ECONNREFUSED' ? { isNobody: true } : {}),
          },
        }
      } finally {
        deadline.end()
      }
    },
    async tryPreferred(signal) {
      const [preferred] = agents
      if (position === 0 || preferred === undefined) return false
      const isBack = (await leaderAt(access, preferred, { wait: ports.wait, signal })) === true
      if (isBack) position = 0
      return isBack
    },
    knowsLeader: signal => leaderAt(access, agent(), { wait: ports.wait, signal }),
  }
}

const LEADER_PATH = '/v1/status/leader'

interface Target {
  readonly access: ConsulAccess
  /** URL of the agent. */
  readonly base: string
  readonly path: string
}

function send({ access, base, path }: Target, signal: AbortSignal) {
  const url = new URL(base)
  const token = access.token()
  return access.pool(url.origin).request({
    method: 'GET',
    path: url.pathname.replace(/\/+$/, '') + path,
    headers: {
      accept: 'application/json',
      ...(token === undefined || token === '' ? {} : { 'x-consul-token': token }),
    },
    signal,
  })
}

/** Undefined when it gives no answer, or another than Consul does. */
async function leaderAt(
  access: ConsulAccess,
  base: string,
  { wait, signal }: { readonly wait: Wait; readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  const deadline = createDeadline(signal, wait)
  try {
    deadline.within(LEADER_MS)
    const { statusCode, body } = await send({ access, base, path: LEADER_PATH }, deadline.signal)
    const said = await beginningOf(body)
    return statusCode === 200 && said.startsWith('"') ? !said.startsWith('""') : undefined
  } catch {
    return undefined // a watch has its own way of telling that an agent is away
  } finally {
    deadline.end()
  }
}

async function exchange(
  target: Target,
  request: ConsulRequest,
  { deadline, clock }: { readonly deadline: Deadline; readonly clock: Clock },
): Promise<ConsulOutcome> {
  deadline.within(request.headersMs)
  const { statusCode, headers, body } = await send(target, deadline.signal)
  deadline.within(BODY_MS)
  const at = `Consul at ${target.base} answered`
  const token = target.access.token()
  if (statusCode !== 200) {
    const said = quote(await beginningOf(body), token)
    return { fault: { kind: kindOf(statusCode, said), says: `${at} ${statusCode}${said}` } }
  }
  const answer = answerOf(headers, token)
  if (request.isKnown?.(answer) === true) {
    await body.dump() // a large one is cut off: another connection costs less than megabytes that nobody reads
    return { answer: { ...answer, isKnown: true } }
  }
  const problem = await readEntries(body, request.onEntry, createBreather(clock))
  return problem === undefined
    ? { answer }
    : { fault: { kind: 'garbled', says: `${at} with ${problem}` } }
}

async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (size < MAX_SAID_BYTES) chunks.push(chunk)
    size += chunk.length
    if (size > MAX_ENTRY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_SAID_BYTES).toString('utf8')
}

/** What is wrong with the list, if anything. Its bytes are let go as soon as they are read. */
async function readEntries(
  body: Dispatcher.ResponseData['body'],
  onEntry: (entry: Buffer) => boolean,
  breathe: () => Promise<void>,
): Promise<string | undefined> {
  const elements = createJsonElements(onEntry, MAX_ENTRY_BYTES)
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    const problem = size > MAX_BYTES ? `more than ${MAX_BYTES} bytes` : elements.push(chunk)
    if (problem !== undefined) return problem // leaving the loop ends the exchange
    await breathe()
  }
  await nextTurn() // whoever takes in a large list has a turn for it alone
  return elements.end()
}

function answerOf(
  headers: Dispatcher.ResponseData['headers'],
  token: string | undefined,
): ConsulAnswer {
  const header = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const lastContactMs = Number(header('x-consul-lastcontact') ?? 0)
  const backend = header('x-consul-query-backend')
  return {
    index: header('x-consul-index'),
    isFilteredByAcl: header('x-consul-results-filtered-by-acls') === 'true',
    // Consul does not tell an anonymous caller that results were filtered.
    isBlind:
      header('x-consul-default-acl-policy') === 'deny' && (token === undefined || token === ''),
    knowsLeader: header('x-consul-knownleader') !== 'false',
    lastContactMs: Number.isFinite(lastContactMs) ? lastContactMs : 0,
    backend: BACKENDS.find(known => known === backend),
  }
}

/** It becomes a label: nothing else is let in. */
const BACKENDS = ['streaming', 'blocking-query'] as const

/** Consul answers a filter that it cannot read (up to 1.14) and a datacenter it does not know with 500, as if it were ill. */
const OURS_TO_MEND = /boolean expression|No path to datacenter/

function kindOf(status: number, text: string): ConsulFault['kind'] {
  if (status === 429 || (status >= 500 && !OURS_TO_MEND.test(text))) return 'busy'
  return 'refused'
}

function quote(text: string, token: string | undefined): string {
  const clean = token === undefined || token === '' ? text : text.replaceAll(token, '[token]')
  const line = clean.replaceAll(/[^\x20-\x7e]+/g, ' ').trim()
  return line === '' ? '' : `: ${line.slice(0, 200)}`
}

/** Node's and OpenSSL's names of what is wrong with a certificate, either side's. */
const TLS_FAULT = /CERT|SSL|TLS|SELF_SIGNED|LEAF_SIGNATURE|EPROTO/

/** An agent that misses a certificate of ours says so after the handshake, and then only by closing. */
const isTlsFault = (agent: string, code = ''): boolean =>
  TLS_FAULT.test(code) || (code === 'UND_ERR_SOCKET' && agent.startsWith('https:'))

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const { message } = error as Error
  return code === undefined || message.includes(code) ? message : `${message} (${code})`.trim()
}
