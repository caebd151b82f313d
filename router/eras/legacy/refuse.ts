// Refusals for the legacy era, which knows none of the codes from -32020 to -32022 and answers unknown methods over 200.
import { shapeOf } from '#foundation/refusals.ts'
import type { Message } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { rpcError, rpcResult, type WireAnswer } from '../codec.ts'
import { errorJson, failedToolResult, inBandHeaders, placeOf, refusalHeaders } from '../problem.ts'

const INVALID_REQUEST = -32600
const isModernOnly = (code: number): boolean => code <= -32020 && code >= -32099

export function legacyRefusal(
  message: Message | undefined,
  refusal: Refusal,
  idJson: string,
): WireAnswer {
  const shape = shapeOf(refusal.code)
  const code = isModernOnly(shape.jsonRpc) ? INVALID_REQUEST : shape.jsonRpc
  const place =
    refusal.code === 'RINGMAIN_UNKNOWN_METHOD' ? 'error' : placeOf(refusal, message?.method ?? '')
  if (place === 'result') {
    return {
      status: 200,
      headers: inBandHeaders(refusal),
      body: rpcResult(idJson, failedToolResult(refusal, {})),
    }
  }
  return {
    status: place === 'http' ? shape.http : 200,
    headers: place === 'http' ? refusalHeaders(refusal) : inBandHeaders(refusal),
    body: rpcError(idJson, errorJson(refusal, code)),
  }
}
