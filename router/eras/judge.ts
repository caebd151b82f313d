// What the first byte of an upstream answer means: pass it on, or say in our own words what it is.
// The only reader of upstream statuses on the way of a call.
import { isUtf8 } from 'node:buffer'
import { LONGEST_TEXT, plainText } from '#foundation/plain-text.ts'
import { callerCapabilitiesIn } from '#router/capabilities.ts'
import type { Attempt, McpAnswer, Span } from '#router/facts.ts'
import { outcomeOf } from '#router/outcome.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import { eachMember, firstValue, splice } from './json-spans.ts'
import { isRecord } from './message.ts'
import { routerRefusal } from './router-refusal.ts'

type Answered = Extract<Attempt, { kind: 'answered' }>
/**
 * `isOutdated`: the replica contradicts what the router believes of its eras and tools. `isElsewhere`: it did not look at the message, since it
 * does not speak the version, which others of its cluster may.
 */
type Unfit = Refusal & { readonly isOutdated?: true; readonly isElsewhere?: true }
type Judged = 'relay' | McpAnswer | Unfit | Promise<McpAnswer | Unfit>

/** Of a type or an encoding that is told: no real one is longer. */
const LONGEST_NAME = 100
/** Largest error body that is read. */
const ERROR_LIMIT = 65_536
/** What a modern caller may see of the range that JSON-RPC and MCP reserve. -32020 and -32022 say that the router itself was wrong. */
const MODERN_CODES: readonly number[] = [-32700, -32600, -32601, -32602, -32603, -32021]
const LEGACY_CODES: readonly number[] = [-32700, -32600, -32601, -32602, -32603]

/**
 * Headers against body, and the version. From 2026-07-28 on (Server Validation) they are held against the message before it is looked at;
 * in the legacy era each server gave such codes a meaning of its own.
 */
const CONTRADICTIONS: readonly number[] = [-32020, -32022]
const OTHER_VERSION = -32022
/** Something would be asked of a caller that has not said that it can be. */
const LACKS_CAPABILITY = -32021

/** By which servers of the legacy era refuse what is no message of theirs, and which the modern era never sends (error codes). */
const isOfOldSdk = (code: number): boolean => code <= -32_000 && code >= -32_019

const IS_MCP = /^(?:application\/json|text\/event-stream)(?![\w.+-])/i

/** `era` is the caller's; `spoken` the one in which the replica was asked. */
export function judgeAnswer(
  attempt: Answered,
  call: { readonly era: Era; readonly spoken: Era; readonly isBound: boolean },
): Judged {
  const { status } = attempt
  if (status === 429 || status === 503) {
    const { isRefusal, retryAfterMs = 1_000 } = outcomeOf(attempt)
    if (isRefusal) return drop(attempt, busy(status, retryAfterMs))
  }
  if (status === 200 && outcomeOf(attempt).isRefusal) return routerRefusal(attempt)
  if (status === 508 && outcomeOf(attempt).isRefusal)
    return drop(attempt, { code: 'RINGMAIN_LOOP', detail: 'the replica is a router, and says so' })
  const encoding = foreignEncoding(attempt)
  if ((status === 200 || isUnsaid(status)) && encoding !== undefined)
    return drop(attempt, {
      code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      detail: `${encoding} was not asked for`,
    })
  if (status === 200) return judgeBody(attempt)
  if (status === 404 && call.isBound)
    return drop(attempt, { code: 'RINGMAIN_SESSION_UNKNOWN', detail: 'the replica answered 404' })
  if (status === 401 || status === 403)
    return drop(attempt, {
      code: 'RINGMAIN_UPSTREAM_REFUSED',
      detail: `the replica answered ${status}`,
    })
  if (isUnsaid(status)) return readError(attempt, call)
  return drop(attempt, {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    detail: `the replica answered ${status}`,
  })
}

/** The body has to say what such an answer means. */
const isUnsaid = (status: number): boolean => status >= 400 && status < 500

/** How a body is packed that was asked for as it is: it is neither unpacked nor handed on. Of transfer codings only the chunks are undone. */
export function foreignEncoding({ header }: Pick<Answered, 'header'>): string | undefined {
  for (const [name, plain] of PLAIN) {
    const coding = header(name)?.trim()
    if (coding !== undefined && !plain.test(coding))
      return `${name} ${plainText(coding, LONGEST_NAME)}`
  }
  return undefined
}

const PLAIN = [
  ['content-encoding', /^(?:identity)?$/i],
  ['transfer-encoding', /^chunked$/i],
] as const

function judgeBody(attempt: Answered): Judged {
  if (IS_MCP.test(attempt.contentType)) return 'relay'
  return drop(attempt, {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    detail: `content-type ${plainText(attempt.contentType, LONGEST_NAME) || 'missing'}`,
  })
}

const busy = (status: number, retryAfterMs: number): Refusal => ({
  code: 'RINGMAIN_CLUSTER_BUSY',
  detail: `the replica answered ${status}`,
  retryAfterMs,
})

function drop(attempt: Answered, refusal: Refusal): Refusal {
  attempt.body.abort()
  return refusal
}

/** A 4xx is an answer when it carries a JSON-RPC error. */
async function readError(
  attempt: Answered,
  { era, spoken }: { readonly era: Era; readonly spoken: Era },
): Promise<McpAnswer | Unfit> {
  const body = await attempt.body.collect(ERROR_LIMIT)
  const error = typeof body === 'string' ? undefined : errorIn(body)
  const detail = `the replica answered ${attempt.status}`
  // Who refused it, and before or after what, is not known: it may have been a proxy that gave up waiting, or a tool that ran and was
  // itself told 429 by whom it needs.
  if (error === undefined)
    return { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail, ...inWords(attempt.status) }
  const told = `${detail} ${error.code}`
  if (CONTRADICTIONS.includes(error.code)) {
    if (spoken === 'legacy')
      return { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail: told, isOutdated: true }
    const refused = { code: 'RINGMAIN_UPSTREAM_REFUSED', detail: told, isOutdated: true } as const
    return error.code === OTHER_VERSION ? { ...refused, isElsewhere: true } : refused
  }
  if (era === 'legacy' && error.code === LACKS_CAPABILITY)
    return { code: 'RINGMAIN_QUESTION_UNANSWERED', says: needed(error.data), detail: told }
  if (!maySee(era, error.code)) {
    const isOutdated = spoken === 'modern' && isOfOldSdk(error.code)
    const unfit = { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail: told } as const
    return isOutdated ? { ...unfit, isOutdated } : unfit
  }
  const status =
    era === 'modern' && (attempt.status === 400 || attempt.status === 404) ? attempt.status : 200
  return { kind: 'error', errorJson: error.json, rpcCode: error.code, status }
}

/** What this caller cannot be asked, as far as the server says it. */
function needed(data: unknown): string {
  const stated = isRecord(data) ? data['requiredCapabilities'] : undefined
  const names = Object.entries(isRecord(stated) ? callerCapabilitiesIn(stated) : {}).map(
    ([name, settings]) => (isRecord(settings) && 'url' in settings ? `${name} by a URL` : name),
  )
  return `This caller cannot be asked for ${names.length === 0 ? 'it' : names.join(', ')}.`
}

/** Of all that is no answer, what its caller can do something about: wait. */
const inWords = (status: number): Pick<Refusal, 'says'> =>
  status === 429 ? { says: 'It answered 429, too many requests, and not whether it ran.' } : {}

/** Codes that mean something between router and replica alone, or nothing any more, are not handed on. */
function maySee(era: Era, code: number): boolean {
  if (code > -32_000 || code < -32_768) return true
  return (era === 'modern' ? MODERN_CODES : LEGACY_CODES).includes(code)
}

/** The `error` member; its message is for people, and goes into their terminals and logs as it is. */
function withPlainMessage(body: Buffer, message: string): string {
  let error: Span | undefined
  eachMember(body, firstValue(body), (key, span) => {
    if (key === 'error') error = span
  })
  if (error === undefined) return ''
  const plain = plainText(message, LONGEST_TEXT)
  const whole = body.subarray(error.start, error.end)
  if (plain === message) return whole.toString()
  let at: Span | undefined
  eachMember(whole, firstValue(whole), (key, span) => {
    if (key === 'message') at = span
  })
  return at === undefined ? '' : splice(whole, [{ span: at, by: JSON.stringify(plain) }]).toString()
}

/** An integer, as JSON-RPC has it: one beyond what a number holds is infinite to one reader and a row of digits to another. */
const isCode = (value: unknown): value is number => Number.isSafeInteger(value)

/** The error as it was written, but for its message: its data may hold numbers that would not survive a parse. */
function errorIn(
  body: Buffer,
): { readonly code: number; readonly json: string; readonly data: unknown } | undefined {
  if (!isUtf8(body)) return undefined
  try {
    const value: unknown = JSON.parse(body.toString())
    const error = isRecord(value) ? value['error'] : undefined
    if (!isRecord(error) || !isCode(error['code']) || typeof error['message'] !== 'string')
      return undefined
    const json = withPlainMessage(body, error['message'])
    return { code: error['code'], json, data: error['data'] }
  } catch {
    return undefined // not JSON: told apart from a JSON-RPC error by the caller
  }
}
