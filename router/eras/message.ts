// One JSON-RPC message as it came in: parsed once, to be looked at; the bytes stay what they were.
// The guard's place is the first line of `readMessage`: what passes there has one meaning for every parser.
import { isUtf8 } from 'node:buffer'
import type { Message, Span } from '#router/facts.ts'
import { type Refusal, refuse } from '#router/pipeline/stage.ts'
import { eachMember, firstValue, isObjectAt } from './json-spans.ts'

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
  if (located.twice !== undefined) {
    return refuse('RINGMAIN_INVALID_REQUEST', {
      says: `The key "${located.twice}" stands there twice.`,
    })
  }
  return shape(value, body, located.spans)
}

function shape(
  value: Record<string, unknown>,
  body: Buffer,
  spans: Message['spans'],
): Read<Message> {
  const idJson = spans.id === undefined ? '' : body.toString('utf8', spans.id.start, spans.id.end)
  const invalid = (says: string): Read<Message> => ({
    ...refuse('RINGMAIN_INVALID_REQUEST', { says }),
    ...(isId(value['id']) && idJson.length <= ID_LIMIT ? { idJson } : {}),
  })
  if (value['jsonrpc'] !== '2.0') return invalid('The member "jsonrpc" must be "2.0".')
  if ('id' in value && !isId(value['id'])) return invalid('The id must be a string or a number.')
  if (idJson.length > ID_LIMIT) return invalid(`The id is longer than ${ID_LIMIT} bytes.`)
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

/** Spans of what may be replaced, and the first key that stands twice where it would be read two ways. */
function locate(body: Buffer): { spans: Message['spans']; twice?: string } {
  const spans: { id?: Span; params?: Span; name?: Span } = {}
  let twice: string | undefined
  const top = new Set<string>()
  eachMember(body, firstValue(body), (key, value) => {
    if (top.has(key)) twice ??= key
    top.add(key)
    if (key === 'id') spans.id = value
    else if (key === 'params') spans.params = value
  })
  if (spans.params !== undefined && isObjectAt(body, spans.params.start)) {
    const inner = new Set<string>()
    eachMember(body, spans.params.start, (key, value) => {
      if (inner.has(key)) twice ??= `params.${key}`
      inner.add(key)
      if (key === 'name') spans.name = value
      else if (key === '_meta' && isObjectAt(body, value.start)) {
        const keys = new Set<string>()
        eachMember(body, value.start, metaKey => {
          if (keys.has(metaKey)) twice ??= `params._meta.${metaKey}`
          keys.add(metaKey)
        })
      }
    })
  }
  return twice === undefined ? { spans } : { spans, twice }
}

const isId = (value: unknown): value is string | number =>
  typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
