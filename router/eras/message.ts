// One JSON-RPC message as it came in: parsed once, to be looked at; the bytes stay what they were.
// The guard's place is the first line of `readMessage`: what passes there has one meaning for every parser.
import { isUtf8 } from 'node:buffer'
import type { Message, Span } from '#router/facts.ts'
import { type Refusal, refuse } from '#router/pipeline/stage.ts'
import { firstValue, isKey, isObjectAt, skipValue, walkMembers } from './json-spans.ts'

export type Read<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly idJson?: string }

const ID_LIMIT = 1_024
const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({})

export function readMessage(body: Buffer): Read<Message> {
  if (!isUtf8(body)) return refuse('RINGMAIN_MALFORMED_JSON', { says: 'It is not valid UTF-8.' })
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    return refuse('RINGMAIN_MALFORMED_JSON', { detail: (error as Error).message })
  }
  if (Array.isArray(value)) return refuse('RINGMAIN_BATCH_REFUSED')
  if (!isRecord(value)) return refuse('RINGMAIN_INVALID_REQUEST')
  const located = locate(body)
  const twice = repeated(value, located)
  if (twice !== undefined) {
    return refuse('RINGMAIN_INVALID_REQUEST', { says: `A key stands twice in ${twice}.` })
  }
  return shape(value, body, located.spans)
}

function shape(
  value: Record<string, unknown>,
  body: Buffer,
  spans: Message['spans'],
): Read<Message> {
  const { start, end } = spans.id ?? { start: 0, end: 0 }
  const isShort = end - start <= ID_LIMIT
  const idJson = isShort ? body.toString('utf8', start, end) : ''
  const invalid = (says: string): Read<Message> => ({
    ...refuse('RINGMAIN_INVALID_REQUEST', { says }),
    ...(isId(value['id']) && isShort ? { idJson } : {}),
  })
  if (value['jsonrpc'] !== '2.0') return invalid('The member "jsonrpc" must be "2.0".')
  if ('id' in value && !isId(value['id'])) return invalid('The id must be a string or a number.')
  if (!isShort) return invalid(`The id is longer than ${ID_LIMIT} bytes.`)
  const { method, params } = value
  if (method === undefined) {
    const isResponse = idJson !== '' && ('result' in value || 'error' in value)
    if (!isResponse) return invalid('The member "method" is missing.')
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

interface Located {
  readonly spans: Message['spans']
  /** Members as they stand in the text, the repeated ones counted each time. */
  readonly members: { top: number; params: number; meta: number }
}

/** Where what may be replaced lies, in one walk that goes no deeper than `params._meta`. */
function locate(body: Buffer): Located {
  const spans: { id?: Span; params?: Span; name?: Span } = {}
  const members = { top: 0, params: 0, meta: 0 }
  const meta = (_key: number, _keyEnd: number, start: number): number => {
    members.meta += 1
    return skipValue(body, start)
  }
  const params = (key: number, keyEnd: number, start: number): number => {
    members.params += 1
    if (isKey(body, key, keyEnd, '_meta') && isObjectAt(body, start))
      return walkMembers(body, start, meta)
    const end = skipValue(body, start)
    if (isKey(body, key, keyEnd, 'name')) spans.name = { start, end }
    return end
  }
  walkMembers(body, firstValue(body), (key, keyEnd, start) => {
    members.top += 1
    const isParams = isKey(body, key, keyEnd, 'params')
    const end =
      isParams && isObjectAt(body, start)
        ? walkMembers(body, start, params)
        : skipValue(body, start)
    if (isParams) spans.params = { start, end }
    else if (isKey(body, key, keyEnd, 'id')) spans.id = { start, end }
    return end
  })
  return { spans, members }
}

/**
 * Where a key stands twice, one parser takes the first and another the last. JSON.parse keeps one of them,
 * so the object has fewer keys than the text has members.
 */
function repeated(value: Record<string, unknown>, { members }: Located): string | undefined {
  if (Object.keys(value).length !== members.top) return 'the message'
  const { params } = value
  if (!isRecord(params)) return undefined
  if (Object.keys(params).length !== members.params) return 'params'
  const meta = params['_meta']
  return isRecord(meta) && Object.keys(meta).length !== members.meta ? 'params._meta' : undefined
}

const isId = (value: unknown): value is string | number =>
  typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
