// A call whose server asks its caller, by hand and in either era: what is asked is read while the call lasts, and answered wherever a test says.
import assert from 'node:assert/strict'
import { createParser } from 'eventsource-parser'
import {
  callParams,
  LEGACY_VERSION,
  legacyRequest,
  MODERN_META,
  modernHeaders,
  type RawAnswer,
  type RpcMessage,
  rawRequest,
} from './raw-http.ts'

/** What callers of these tests can be asked. */
const CAN_BE_ASKED = { elicitation: {}, sampling: {}, roots: {} } as const

type Params = Readonly<Record<string, unknown>>

/** A modern call, or a later round of one. */
export function modernRound(url: string, params: Params): Promise<RawAnswer> {
  const meta = { ...MODERN_META, 'io.modelcontextprotocol/clientCapabilities': CAN_BE_ASKED }
  return rawRequest(url, {
    headers: modernHeaders('tools/call', params['name'] as string),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { arguments: {}, ...params, _meta: meta },
    }),
  })
}

/** A session whose caller can be asked. */
export async function askableSession(
  url: string,
  capabilities: Params = CAN_BE_ASKED,
): Promise<string> {
  const clientInfo = { name: 'raw', version: '1' }
  const params = { protocolVersion: LEGACY_VERSION, capabilities, clientInfo }
  const { headers } = await rawRequest(url, legacyRequest('initialize', params))
  const session = headers['mcp-session-id']
  assert.ok(typeof session === 'string', 'no session was opened')
  await rawRequest(url, legacyRequest('notifications/initialized', {}, { session }))
  return session
}

export interface LegacyCall {
  /** The next message on its stream. */
  readonly next: () => Promise<RpcMessage>
}

/** Its messages one by one, as they come. */
export async function legacyCallInRounds(
  url: string,
  tool: string,
  session: string,
): Promise<LegacyCall> {
  const { headers = {}, body = '' } = legacyRequest('tools/call', callParams(tool), { session })
  const answer = await fetch(url, { method: 'POST', headers, body: body.toString() })
  const heard: RpcMessage[] = []
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data.trim() !== '') heard.push(JSON.parse(data) as RpcMessage) // a stream may begin with nothing
    },
  })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  return {
    next: async () => {
      while (heard.length === 0) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) throw new Error('the stream ended')
        parser.feed(value)
      }
      return heard.shift() as RpcMessage
    },
  }
}

/** A caller's answer to what it was asked, as a request of its own. */
export function answerTo(
  url: string,
  session: string,
  response: { readonly id: unknown; readonly result: unknown },
): Promise<RawAnswer> {
  const { headers = {} } = legacyRequest('', {}, { session })
  return rawRequest(url, { headers, body: JSON.stringify({ jsonrpc: '2.0', ...response }) })
}
