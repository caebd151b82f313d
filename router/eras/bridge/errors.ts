// Error codes that one era has and the other does not. Codes outside the range that JSON-RPC and MCP reserve mean what their server
// means by them, in either era.
import type { Era } from '#routes/route-table.ts'

const INVALID_REQUEST = -32600
const INVALID_PARAMS = -32602
const INTERNAL_ERROR = -32603

/** What a replica of the other era calls an error, as a caller of this one may hear it. */
export function codeFor(era: Era, code: number): number {
  if (era === 'modern')
    return code === -32002 ? INVALID_PARAMS : isUndefined(code) ? INTERNAL_ERROR : code
  // A capability that the caller never declared is asked for (2026-07-28, error codes).
  if (code === -32021) return INVALID_REQUEST
  return code <= -32020 && code >= -32099 ? INTERNAL_ERROR : code
}

/** -32042 asked for a URL to be opened (2025-11-25); of the range above it the modern era defines three. */
const isUndefined = (code: number): boolean => code <= -32023 && code >= -32099
