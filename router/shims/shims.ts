// What is done for assistants that need it, a row each. Without a document that asks for one nothing here is reached.

import { firstValue, memberOf, splice } from '#router/eras/json-spans.ts'
import { isRecord } from '#router/eras/message.ts'
import type { Reshape } from '#router/facts.ts'
import type { AssistantPolicy, ShimName } from '#routes/route-table.ts'
import { flatSchema } from './flat-schemas.ts'
import { inlinedSchema } from './inlined-schemas.ts'
import type { Schema } from './schema.ts'
import { SIGNS_OF_STRUCTURE, withText } from './text-results.ts'

/** In the order in which they are done: what is referred to may have alternatives. */
const SCHEMAS: readonly (readonly [ShimName, (schema: Schema) => Schema])[] = [
  ['inlined-schemas', inlinedSchema],
  ['flat-schemas', flatSchema],
]

const TEXT_RESULTS: Reshape = { of: withText, signs: SIGNS_OF_STRUCTURE }

export const has = (assistant: AssistantPolicy | undefined, shim: ShimName): boolean =>
  assistant?.shims.includes(shim) === true

/** The definition of a tool as this assistant is shown it; the same bytes but for an input schema that must change. */
export function shownTool(assistant: AssistantPolicy | undefined, definition: Buffer): Buffer {
  const wanted = SCHEMAS.filter(([shim]) => has(assistant, shim))
  const span =
    wanted.length === 0 ? undefined : memberOf(definition, firstValue(definition), 'inputSchema')
  const schema = span && exactly(definition.toString('utf8', span.start, span.end))
  if (span === undefined || schema === undefined) return definition
  const shown = wanted.reduce((before, [, change]) => change(before), schema)
  return shown === schema ? definition : splice(definition, [{ span, by: JSON.stringify(shown) }])
}

/** Undefined where a whole number in it would be another one when it is written again. */
function exactly(json: string): Schema | undefined {
  let isExact = true
  const value: unknown = JSON.parse(json, (_key, inner: unknown) => {
    if (typeof inner === 'number' && !isKept(inner)) isExact = false
    return inner
  })
  return isExact && isRecord(value) ? value : undefined
}

const isKept = (number: number): boolean =>
  Number.isFinite(number) && (Number.isSafeInteger(number) || !Number.isInteger(number))

/** How the answers to a call are shown to it; undefined where they go on as they come. */
export const shownAnswer = (
  assistant: AssistantPolicy | undefined,
  method: string,
): Reshape | undefined =>
  method === 'tools/call' && has(assistant, 'text-results') ? TEXT_RESULTS : undefined
