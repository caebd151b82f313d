// What is wrong with what came back, and with what ran for it. It is asked after every case, and knows nothing of how the case was made.
import type { FuzzCase } from './fuzz-case.ts'
import type { HttpAnswer } from './http-answers.ts'
import { readRequests, type SentBytes } from './read-requests.ts'
import { PLANNED_ID, SLOW_MS, SLOW_TOOL, TOKEN } from './seeds.ts'
import type { Outcome } from './send-case.ts'
import type { ToolRun } from './tool-runs.ts'

export interface Verdict {
  /** What must not be; undefined when all is well. */
  readonly wrong?: string
  /** Ended without an answer, as it may be. */
  readonly isSilent?: boolean
  /** The router was kept from its turns, as by a machine that is busy with other things, and refused what matters least: it says nothing of the case. */
  readonly isShed?: boolean
}

/** Stands in every refusal for overload. */
export const SHED = '"RINGMAIN_OVERLOADED"'

/** Answers of HTTP itself, and to what is not answered in words. */
const MAY_BE_EMPTY = [200, 202, 204, 400, 405, 408, 413, 417, 431]
const TOKENS = /tk[0-9]{8}/g
/** A message is kept back up to so many bytes: nothing that is shorter is broken off. */
const MOST_HELD = 65_536
/** Of the time of the slow tool: what timers and a busy machine take from it. */
const SLACK_MS = 100

/** So many answers are to come, or the end of the connection. */
export function answersTo(text: string): SentBytes & { readonly wanted: number } {
  const sent = readRequests(text)
  return { ...sent, wanted: sent.requests.length + (isBlank(sent.rest) ? 0 : 1) }
}

const isBlank = (text: string): boolean => /^[\r\n]*$/.test(text)

/** Whether the router has said that nothing more is answered on this connection. */
export const isClosing = (answer: HttpAnswer | undefined): boolean =>
  answer?.headers.get('connection') === 'close'

export function judge(
  one: FuzzCase,
  token: string,
  outcome: Outcome,
  runs: readonly ToolRun[] = [],
): Verdict {
  const { read } = outcome
  const early =
    (read.problem === undefined ? undefined : `no HTTP: ${read.problem}`) ??
    foreign(one, token, outcome) ??
    wrongWithRuns(one, outcome, runs)
  if (early !== undefined) return { wrong: early }
  if (read.answers.some(({ status, body }) => status === 503 && body.includes(SHED)))
    return { isShed: true }
  const isSilent = read.answers.length === 0
  if (one.request.end === 'resets') return { isSilent }
  const wrong = wrongWithCount(one, outcome) ?? wrongWithAnswers(one, read.answers)
  return wrong === undefined ? { isSilent } : { wrong }
}

/** More cases than are ever sent while one is under way. */
const LATER = 1_000

/** A token that this case did not send is somebody else's; one that no case can have yet was changed by a tool that breaks its words. */
function foreign(one: FuzzCase, token: string, { bytes }: Outcome): string | undefined {
  const own = [...one.request.writes, ...(one.answer?.writes ?? [])].join('')
  const strange = [...new Set(bytes.toString('latin1').match(TOKENS))].find(
    found =>
      found !== token &&
      found !== TOKEN &&
      !own.includes(found) &&
      numberOf(found) <= numberOf(token) + LATER,
  )
  return strange === undefined ? undefined : `it holds ${strange} of another case`
}

const numberOf = (token: string): number => Number(token.slice(2))

function wrongWithRuns(
  { request }: FuzzCase,
  { read }: Outcome,
  runs: readonly ToolRun[],
): string | undefined {
  const asked = request.writes.join('').match(/HTTP\/[0-9]/g)?.length ?? 0
  if (runs.length > asked) return `${runs.length} tools ran for ${asked} requests`
  if (read.answers.length > 0) return undefined
  // Nobody was answered: whoever called has left, and that is felt at the tool.
  const isRunOn = runs.some(
    ({ tool, forMs, isLeft }) => tool === SLOW_TOOL && forMs > SLOW_MS - SLACK_MS && !isLeft,
  )
  return isRunOn ? 'a tool ran on for nobody' : undefined
}

function wrongWithCount(one: FuzzCase, outcome: Outcome): string | undefined {
  const { read, isClosed, isHung } = outcome
  const { end, writes } = one.request
  const { requests, rest, wanted } = answersTo(writes.join(''))
  const has = read.answers.length
  if (isHung) return `no end: ${has} answers of ${wanted}, cut ${read.isCut}`
  const hasLeft = end !== 'waits'
  const mayBeCut = (one.answer?.writes.join('').length ?? 0) > MOST_HELD
  if (read.isCut && !mayBeCut && !hasLeft) return 'cut within an answer'
  // A connection that brings no request in time is told so.
  if (wanted === 0 && has === 1 && read.answers[0]?.status === 408) return undefined
  if (has + (read.isCut ? 1 : 0) >= wanted)
    return has > requests.length + hiddenIn(rest) ? `${has} answers of ${wanted}` : undefined
  if (isClosing(read.answers.at(-1)) && isClosed) return undefined // refused, and what is behind was not looked at
  if (hasLeft) {
    // Who ends its own side has left (ARCHITECTURE, Cancellation); who does so only later was to be answered before.
    const isWaitedFor = end === 'finishes later' && mayBeWaitedFor(requests.length, writes)
    return isWaitedFor && has < requests.length
      ? `${has} answers to ${requests.length} requests, and time to give them`
      : undefined
  }
  if (!isClosed) return `${has} answers of ${wanted}, and it stays open`
  return has === 0 ? 'closed without a word' : `${has} answers of ${wanted}, and then the end`
}

/** Whether all of its answers can be there before a caller who ends its side later does so. */
export const mayBeWaitedFor = (requests: number, writes: readonly string[]): boolean =>
  requests > 0 && !writes.join('').includes(`"${SLOW_TOOL}"`)

/** Requests that a laxer reader may find in what is none to the strictest, and the refusal of what is none to it either. */
const hiddenIn = (rest: string): number =>
  rest === '' || rest === '\r' ? 0 : 1 + (rest.match(/HTTP\/1/g)?.length ?? 0)

function wrongWithAnswers(one: FuzzCase, answers: readonly HttpAnswer[]): string | undefined {
  if (one.kind === 'control' && !(answers.length === 1 && isGood(answers[0])))
    return `a right call was answered with ${answers[0]?.status}`
  const isHead = one.request.writes.join('').includes('HEAD')
  for (const answer of answers) {
    if (isHead && answer.body.length === 0) continue
    const wrong = wrongWith(answer, one.kind === 'upstream' ? PLANNED_ID : undefined)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const isGood = (answer: HttpAnswer | undefined): boolean =>
  answer !== undefined && (answer.status === 200 || answer.status === 202)

function wrongWith(
  { status, headers, body }: HttpAnswer,
  id: number | undefined,
): string | undefined {
  if (body.length === 0)
    return MAY_BE_EMPTY.includes(status) ? undefined : `${status} without a word`
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) return wrongWithEvents(body.toString('latin1'), id)
  if (!type.startsWith('application/json')) return `${status} in ${type || 'no type'}`
  const found = readMessage(body)
  return found.wrong ?? (found.isCall ? 'a request as an answer' : wrongId(found, id))
}

const wrongId = ({ id }: Read, wanted: number | undefined): string | undefined =>
  wanted === undefined || id === wanted ? undefined : `an answer to ${JSON.stringify(id)}`

/** `text`: one letter a byte. */
function wrongWithEvents(text: string, id: number | undefined): string | undefined {
  let answers = 0
  for (const block of text.split(/\r?\n\r?\n/)) {
    const data = block
      .split(/\r?\n/)
      .filter(line => line.startsWith('data:'))
      .map(line => line.slice(5))
      .join('\n')
    if (data.trim() === '') continue
    const found = readMessage(Buffer.from(data, 'latin1'))
    if (found.wrong !== undefined) return found.wrong
    if (found.isCall) continue
    answers += 1
    const wrong = wrongId(found, id)
    if (wrong !== undefined) return wrong
  }
  return answers === 0 ? 'a stream without an answer' : undefined
}

interface Read {
  readonly wrong?: string
  readonly id?: unknown
  /** A notification or a request, as a stream may hold. */
  readonly isCall?: boolean
}

function readMessage(body: Buffer): Read {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    const message = JSON.parse(text) as {
      readonly jsonrpc?: unknown
      readonly id?: unknown
      readonly method?: unknown
      readonly result?: unknown
      readonly error?: { readonly code?: unknown; readonly message?: unknown }
    }
    if (message === null || message.jsonrpc !== '2.0') return { wrong: 'no JSON-RPC' }
    const { id, method, result, error } = message
    if (typeof method === 'string' && result === undefined && error === undefined)
      return { id, isCall: true }
    if (result !== undefined && error === undefined) return { id }
    const isError = Number.isInteger(error?.code) && typeof error?.message === 'string'
    return isError && result === undefined ? { id } : { wrong: 'no JSON-RPC answer' }
  } catch (error) {
    return { wrong: `no JSON: ${(error as Error).message.slice(0, 80)}` }
  }
}
