// Refusals for the modern era. Only codes that 2026-07-28 defines, and own ones outside the reserved range.
import { shapeOf } from '#foundation/refusals.ts'
import type { Message } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { rpcError, rpcResult, type WireAnswer } from '../codec.ts'
import { errorJson, failedToolResult, inBandHeaders, placeOf, refusalHeaders } from '../problem.ts'

export function modernRefusal(
  message: Message | undefined,
  refusal: Refusal,
  idJson: string,
): WireAnswer {
  const shape = shapeOf(refusal.code)
  const place = placeOf(refusal, message?.method ?? '')
  if (place === 'result') {
    const result = failedToolResult(refusal, { resultType: 'complete' })
    return { status: 200, headers: inBandHeaders(refusal), body: rpcResult(idJson, result) }
  }
  return {
    status: place === 'http' ? shape.http : 200,
    headers: place === 'http' ? refusalHeaders(refusal) : inBandHeaders(refusal),
    body: rpcError(idJson, errorJson(refusal, shape.jsonRpc)),
  }
}
