// One JSON-RPC message as it came in: guarded on bytes, then parsed once, to be looked at; the bytes stay what they were.
import type { Message } from '#router/facts.ts'
import { type Refusal, refuse } from '#router/pipeline/stage.ts'
import type { JsonGuard } from './json-guard.ts'
import type { JsonProblem } from './json-limits.ts'
import { isArrayAt } from './json-spans.ts'
import { skipBlank } from './json-tokens.ts'
import { textOfNumber } from './written-number.ts'

export type Read<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly idJson?: string }

/** Bytes; UUIDs and counters are far below, and ids are kept while a call runs. */
const ID_LIMIT = 128
/** Of a question of a tool server, which a response bears: it holds who asked, sealed. */
const QUESTION_LIMIT = 1_024
const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({})

export function readMessage(body: Buffer, guard: JsonGuard): Read<Message> {
  if (isArrayAt(body, skipBlank(body, 0))) return refuse('RINGMAIN_BATCH_REFUSED')
  const guarded = guard.check(body)
  if (guarded.kind === 'problem') return { kind: 'refuse', refusal: refusalOf(guarded.problem) }
  const value: unknown = JSON.parse(body.toString())
  return isRecord(value) ? shape(value, body, guarded.spans) : refuse('RINGMAIN_INVALID_REQUEST')
}

/** What is wrong already with a body of which this is the beginning; undefined where the rest decides. */
export function misreadBeginning(beginning: Buffer, guard: JsonGuard): Refusal | undefined {
  if (isArrayAt(beginning, skipBlank(beginning, 0))) return { code: 'RINGMAIN_BATCH_REFUSED' }
  const guarded = guard.check(beginning)
  return guarded.kind === 'problem' && guarded.isFinal ? refusalOf(guarded.problem) : undefined
}

const CODES = {
  malformed: 'RINGMAIN_MALFORMED_JSON',
  ambiguous: 'RINGMAIN_AMBIGUOUS_JSON',
  excessive: 'RINGMAIN_EXCESSIVE_JSON',
} as const

/** Without the caller's id even where one stands before the fault: what was not read may hold another. */
const refusalOf = ({ kind, says }: JsonProblem): Refusal => ({ code: CODES[kind], says })

function shape(
  value: Record<string, unknown>,
  body: Buffer,
  spans: Message['spans'],
): Read<Message> {
  const { start, end } = spans.id ?? { start: 0, end: 0 }
  const limit = value['method'] === undefined ? QUESTION_LIMIT : ID_LIMIT
  const isShort = end - start <= limit
  const idJson = isShort ? body.toString('utf8', start, end) : ''
  const hasId = isId(value['id'], idJson)
  const invalid = (says: string): Read<Message> => ({
    ...refuse('RINGMAIN_INVALID_REQUEST', { says }),
    ...(hasId && isShort ? { idJson } : {}),
  })
  if (value['jsonrpc'] !== '2.0') return invalid('The member "jsonrpc" must be "2.0".')
  if ('id' in value && !hasId)
    return invalid('The id must be a string or an integer within ±(2^53 - 1).')
  if (!isShort) return invalid(`The id is longer than ${limit} bytes.`)
  const { method, params } = value
  const hasResult = 'result' in value
  const hasError = 'error' in value
  if (hasResult && hasError) return invalid('It has both a result and an error.')
  if (method === undefined) {
    if (idJson === '' || !(hasResult || hasError)) return invalid('The member "method" is missing.')
    return read({
      kind: 'response',
      method: '',
      idJson,
      params: NOTHING,
      meta: NOTHING,
      body,
      spans,
    })
  }
  // Some parsers look for the method first and others for the result: to the one it is a call, to the other an answer.
  if (hasResult || hasError) return invalid('A message with a method has no result and no error.')
  if (typeof method !== 'string') return invalid('The member "method" must be a string.')
  if (params !== undefined && !isRecord(params))
    return invalid('The member "params" must be an object.')
  const meta = params?.['_meta']
  if (meta !== undefined && !isRecord(meta))
    return invalid('The member "params._meta" must be an object.')
  return read({
    kind: idJson === '' ? 'notification' : 'request',
    method,
    idJson,
    params: params ?? NOTHING,
    meta: meta ?? NOTHING,
    body,
    spans,
  })
}

const read = (value: Message): Read<Message> => ({ kind: 'ok', value })

/** A larger integer is another one by the time a parser has read it, and so is one that stands between two. */
const isId = (value: unknown, written: string): boolean =>
  typeof value === 'string' ||
  (typeof value === 'number' &&
    Number.isInteger(value) &&
    textOfNumber(value, written) !== undefined)

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
