// What a habit is, and how it is judged: that a tool ran once and its caller has the result, or that nothing ran and it was told why.
import assert from 'node:assert/strict'
import {
  answerOf,
  legacyRequest,
  MODERN_META,
  modernHeaders,
  openSession,
  type RawAnswer,
  type RawRequest,
  rawRequest,
} from '#test/support/raw-http.ts'

export interface Scene {
  readonly url: string
  readonly send: (request: RawRequest) => Promise<RawAnswer>
  /** How often a tool has run. */
  readonly executions: () => number
}

export interface Habit {
  readonly who: string
  readonly does: string
  readonly verdict: 'served' | 'refused'
  readonly because: string
  readonly play: (scene: Scene) => Promise<void>
}

export const CALL = { name: 'echo', arguments: { text: 'x' } }

/** A tool ran once for it, and the caller has its result. */
export async function isServed(
  { executions }: Scene,
  sent: () => Promise<RawAnswer>,
): Promise<void> {
  const before = executions()
  const answer = await sent()
  const { result } = answerOf(answer)
  assert.deepEqual(
    [answer.status, result?.['isError'] ?? false],
    [200, false],
    answer.body.toString(),
  )
  assert.ok(Array.isArray(result?.['content']))
  assert.equal(executions(), before + 1)
}

export async function isRefused(
  { executions }: Scene,
  sent: () => Promise<RawAnswer>,
  status: number,
  code: number,
): Promise<void> {
  const before = executions()
  const answer = await sent()
  const { error } = answerOf(answer)
  assert.deepEqual([answer.status, error?.code], [status, code], answer.body.toString())
  assert.equal(executions(), before)
}

export const initialize = (version: string): RawRequest =>
  legacyRequest('initialize', {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'habit', version: '1' },
  })

export const without = (request: RawRequest, name: string): RawRequest => ({
  ...request,
  headers: Object.fromEntries(
    Object.entries(request.headers ?? {}).filter(([key]) => key !== name),
  ),
})

export const withHeader = (request: RawRequest, name: string, value: string): RawRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
})

export const sessionOf = ({ url }: Scene): Promise<string> => openSession(url)
export const inSession = (session: string): { readonly session?: string } =>
  session === '' ? {} : { session }

export function modernRequestWithoutMeta(): RawRequest {
  const rest = Object.fromEntries(
    Object.entries(MODERN_META).filter(([key]) => !key.endsWith('/protocolVersion')),
  )
  return {
    headers: modernHeaders('tools/call', CALL.name),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { ...CALL, _meta: rest },
    }),
  }
}

export const sendTo =
  (url: string): Scene['send'] =>
  request =>
    rawRequest(url, request)
