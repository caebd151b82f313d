// One thing that a caller may get wrong, and the right request that the rows are made from by spoiling one spot.
import {
  BOTH,
  LEGACY_VERSION,
  MODERN_META,
  MODERN_VERSION,
  modernHeaders,
  type RawRequest,
} from '#test/support/raw-http.ts'

export const MAX_BODY = 4_096

export interface Row {
  readonly path?: string
  readonly request: RawRequest
  readonly status: number
  /** JSON-RPC code; none: the body must be empty. */
  readonly code?: number
  readonly data?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export const LEGACY = {
  'content-type': 'application/json',
  accept: BOTH,
  'mcp-protocol-version': LEGACY_VERSION,
}
export const NAME = 'tools__echo'
export const CALL = modernHeaders('tools/call', NAME)

export const modernBody = (
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  meta: Readonly<Record<string, unknown>> = MODERN_META,
): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } })
export const CALL_BODY = modernBody('tools/call', { name: NAME })
export const NO_CAPABILITIES = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientInfo': MODERN_META['io.modelcontextprotocol/clientInfo'],
}

export const without = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(CALL).filter(([name]) => !names.includes(name)))
export const post = (
  body: string | Buffer,
  headers: Record<string, string> = CALL,
): RawRequest => ({
  headers,
  body,
})
export const legacy = (method: string, more: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, ...more })
