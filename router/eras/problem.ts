// A refusal in words and as data, the same in both eras; where it is put on the wire differs.
import { type RefusalShape, shapeOf } from '#foundation/refusals.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { JSON_HEADERS } from './codec.ts'
import { META } from './versions.ts'

export interface Problem {
  readonly type: string
  readonly code: string
  readonly reason: string
  readonly says: string
  readonly executed: 'no' | 'unknown'
  readonly retry: RefusalShape['retry']
  readonly retryAfterMs?: number
}

function problemOf(refusal: Refusal): Problem {
  const shape = shapeOf(refusal.code)
  return {
    type: `urn:ringmain:problem:${refusal.code.slice('RINGMAIN_'.length).toLowerCase()}`,
    code: refusal.code,
    reason: shape.reason,
    says: refusal.says === undefined ? shape.says : `${shape.says} ${refusal.says}`,
    executed: shape.executed,
    retry: shape.retry,
    ...(refusal.retryAfterMs === undefined
      ? {}
      : { retryAfterMs: Math.ceil(refusal.retryAfterMs) }),
  }
}

/** The `error` member; `code` because an era may not send every code. */
export function errorJson(refusal: Refusal, code: number): string {
  const problem = problemOf(refusal)
  return JSON.stringify({ code, message: problem.says, data: { ...refusal.data, problem } })
}

/** What a model reads: a tool result that says the call failed, and whether it can have run. */
export function failedToolResult(refusal: Refusal, more: Record<string, unknown>): string {
  const problem = problemOf(refusal)
  return JSON.stringify({
    ...more,
    content: [{ type: 'text', text: `${problem.code}: ${problem.says}` }],
    isError: true,
    _meta: { [META.problem]: problem },
  })
}

/** `Retry-After` counts whole seconds (RFC 9110, 10.2.3). */
const retryAfter = (refusal: Refusal): Record<string, string> =>
  refusal.retryAfterMs === undefined
    ? {}
    : { 'retry-after': String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000))) }

/** Where a refusal travels for this method: in a tool result, in an error over 200, or under its own status. */
export function placeOf(refusal: Refusal, method: string): 'http' | 'error' | 'result' {
  const { as } = shapeOf(refusal.code)
  if (as !== 'result') return as
  return method === 'tools/call' ? 'result' : 'error'
}

/**
 * Other parties' 429 and 503 leave open whether anything ran, and a 200 says nothing of it; a router or a client before this one need not read the
 * body to know.
 */
const notExecuted = ({ code }: Refusal): Record<string, string> => {
  const { http, executed } = shapeOf(code)
  return executed === 'no' && (http === 429 || http === 503 || http === 508)
    ? { 'x-ringmain-not-executed': '1' }
    : {}
}

/** Of a refusal that travels over 200. */
export const inBandHeaders = (refusal: Refusal): Record<string, string> => ({
  ...JSON_HEADERS,
  ...notExecuted(refusal),
})

/** HTTP fields that belong to certain refusals, whatever the era. */
export const refusalHeaders = (refusal: Refusal): Record<string, string> => ({
  'content-type': 'application/json',
  ...retryAfter(refusal),
  ...notExecuted(refusal),
  ...(refusal.code === 'RINGMAIN_METHOD_NOT_ALLOWED' ? { allow: 'POST, DELETE' } : {}),
})
