// One message of a replica, as a caller of the other era has it: the same bytes, but for the members that one era has and the other
// does not. What the other era cannot say is refused in words, and never guessed.

import type { CallerCapabilities } from '#router/capabilities.ts'
import type { Carried, Carry, CarryRefusal, Span } from '#router/facts.ts'
import type { Era } from '#routes/route-table.ts'
import { eachMember, firstValue, isObjectAt, splice } from '../json-spans.ts'
import { codeFor } from './errors.ts'
import { askedIn, inputRequired, openQuestion, unaskable } from './rounds.ts'
import type { Change } from './upward.ts'
import { urlsIn } from './urls.ts'

export interface CarriedCall {
  readonly method: string
  /** The caller has asked for log messages with this very request. */
  readonly isLogged: boolean
  /** The caller can be asked for something, and the answer reaches its server. */
  readonly mayAsk: boolean
  /** The caller can be asked to open URLs, and sends its call anew then. */
  readonly mayOpenUrls: boolean
  /** What the caller has said that it can be asked. */
  readonly capabilities: CallerCapabilities
  /** The server wants to know whether anybody is there. */
  readonly pong: (idJson: string) => void
}

export const carryTo = (era: Era, call: CarriedCall): Carry =>
  era === 'modern' ? toModern(call) : toLegacy(call)

/** Methods whose modern results say how long and for whom they hold (2026-07-28, caching). */
const CACHEABLE: ReadonlySet<string> = new Set(['resources/read'])

const toModern =
  (call: CarriedCall): Carry =>
  json => {
    const { method, isLogged } = call
    const { result, error, notification, idJson } = partsOf(json)
    if (idJson !== undefined && notification !== undefined) return questionOf(call, json, idJson)
    if (notification !== undefined) {
      const isHeard =
        notification === 'notifications/progress' ||
        (isLogged && notification === 'notifications/message')
      return isHeard ? { kind: 'on', json } : { kind: 'off' }
    }
    if (error !== undefined) return toldError(call, json, { error, idJson })
    if (result === undefined || !isObjectAt(json, result.start)) return NO_RESULT
    return on(json, modernMembers(json, result, CACHEABLE.has(method) ? CACHED : COMPLETE))
  }

const toLegacy =
  ({ mayAsk }: CarriedCall): Carry =>
  json => {
    const { result, error, notification, idJson } = partsOf(json)
    if (idJson !== undefined && notification !== undefined) return NO_REQUESTS
    if (notification !== undefined) return { kind: 'on', json }
    if (error !== undefined) return on(json, errorChanges('legacy', json, error))
    if (result === undefined || !isObjectAt(json, result.start)) return NO_RESULT
    return legacyResult(json, result, mayAsk)
  }

function toldError(
  { mayOpenUrls, capabilities }: CarriedCall,
  json: Buffer,
  { error, idJson }: { readonly error: Span; readonly idJson: string | undefined },
): Carried {
  const isAsked = mayOpenUrls && idJson !== undefined && isObjectAt(json, error.start)
  const urls = isAsked ? urlsIn(json, error, capabilities) : undefined
  return urls === undefined
    ? on(json, errorChanges('modern', json, error))
    : { kind: 'on', json: inputRequired(idJson ?? '', urls) }
}

const on = (json: Buffer, changes: readonly Change[]): Carried => ({
  kind: 'on',
  json: changes.length === 0 ? json : splice(json, changes),
})

interface Parts {
  readonly result?: Span
  readonly error?: Span
  /** Method of a notification or a request. */
  readonly notification?: string
  readonly idJson?: string
}

function partsOf(json: Buffer): Parts {
  const found: { result?: Span; error?: Span; notification?: string; idJson?: string } = {}
  eachMember(json, firstValue(json), (key, span) => {
    if (key === 'result' || key === 'error') found[key] = span
    else if (key === 'id') found.idJson = json.toString('utf8', span.start, span.end)
    else if (key === 'method')
      found.notification = JSON.parse(json.toString('utf8', span.start, span.end)) as string
  })
  return found
}

/** What a legacy server asks on the stream of its call. */
function questionOf(call: CarriedCall, json: Buffer, idJson: string): Carried {
  const asked = openQuestion(json, idJson)
  if (asked === 'ping') {
    call.pong(idJson)
    return { kind: 'off' }
  }
  if (asked === undefined) return NO_QUESTION
  const refusal = call.mayAsk ? unaskable(asked, call.capabilities) : NO_SERVER_SESSION
  return refusal === undefined ? { kind: 'question', question: asked } : { kind: 'refuse', refusal }
}

const COMPLETE: ReadonlyArray<readonly [string, string]> = [['resultType', '"complete"']]
const CACHED: typeof COMPLETE = [...COMPLETE, ['ttlMs', '0'], ['cacheScope', '"private"']]

/** Members that a result must have there, put first. To a legacy server these names mean nothing, and what it calls by one of them neither. */
function modernMembers(json: Buffer, result: Span, wanted: typeof COMPLETE): readonly Change[] {
  const changes: Change[] = []
  const has = new Set<string>()
  eachMember(json, result.start, (key, span) => {
    has.add(key)
    const value = wanted.find(([name]) => name === key)?.[1]
    if (value !== undefined && json.toString('utf8', span.start, span.end) !== value)
      changes.push({ span, by: value })
  })
  const added = wanted.filter(([key]) => !has.has(key)).map(([key, value]) => `"${key}":${value}`)
  if (added.length === 0) return changes
  const at = { start: result.start + 1, end: result.start + 1 }
  return [{ span: at, by: has.size === 0 ? added.join() : `${added.join()},` }, ...changes]
}

/** Members of a result that a legacy one does not have. */
const MODERN_MEMBERS: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope'])

function legacyResult(json: Buffer, result: Span, mayAsk: boolean): Carried {
  const kept: string[] = []
  let type = '"complete"'
  eachMember(json, result.start, (key, { start, end }) => {
    const value = json.toString('utf8', start, end)
    if (key === 'resultType') type = value
    // There the value is an object, and what is none is put into one, as its schema is in the list of tools.
    else if (key === 'structuredContent' && !isObjectAt(json, start))
      kept.push(`"structuredContent":{"result":${value}}`)
    else if (!MODERN_MEMBERS.has(key)) kept.push(`${JSON.stringify(key)}:${value}`)
  })
  if (JSON.parse(type) === 'input_required') return asking(json, result, mayAsk)
  if (JSON.parse(type) !== 'complete') return { kind: 'refuse', refusal: cannotSay(type) }
  return on(json, [{ span: result, by: `{${kept.join()}}` }])
}

function asking(json: Buffer, result: Span, mayAsk: boolean): Carried {
  if (!mayAsk) return { kind: 'refuse', refusal: NOBODY_TO_ASK }
  const asked = askedIn(json, result)
  return asked === undefined ? NO_QUESTION : { kind: 'ask', asked }
}

function errorChanges(era: Era, json: Buffer, error: Span): readonly Change[] {
  if (!isObjectAt(json, error.start)) return []
  let code: Span | undefined
  eachMember(json, error.start, (key, span) => {
    if (key === 'code') code = span
  })
  if (code === undefined) return []
  const told = Number(json.toString('latin1', code.start, code.end))
  const by = codeFor(era, told)
  return by === told ? [] : [{ span: code, by: String(by) }]
}

const NO_RESULT: Carried = {
  kind: 'refuse',
  refusal: { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', says: 'Its result is no object.' },
}
const NO_QUESTION: Carried = {
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    says: 'It asks its caller for something, and in no form that is known.',
  },
}
const NOBODY_TO_ASK: CarryRefusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'A caller without a session can be asked nothing.',
}
const NO_REQUESTS: Carried = {
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    says: 'A server of its era sends no requests.',
  },
}

const NO_SERVER_SESSION: CarryRefusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'A tool server without sessions cannot be answered.',
}

const cannotSay = (resultType: string): CarryRefusal => ({
  code: 'RINGMAIN_OUTCOME_UNKNOWN',
  says: 'The tool server answered with a kind of result that cannot be carried between the eras.',
  detail: resultType,
})
