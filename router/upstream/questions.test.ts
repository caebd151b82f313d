// Everything that the router says in its own name, word for word.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { legacyFarewell, legacyNotification, legacyQuestion, modernQuestion } from './questions.ts'

const TIMES = { firstByteMs: 1, idleMs: 2 }
const COMMON = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream']
const bodyOf = ({ body }: { readonly body: Buffer | undefined }): unknown =>
  JSON.parse(body?.toString() ?? 'null')

test('a modern question carries its metadata, and its headers mirror it', () => {
  const client = { name: 'ringmain', version: '1' }
  const { idJson, outgoing } = modernQuestion(
    '/mcp',
    { id: 7, method: 'tools/list', client },
    TIMES,
  )
  assert.equal(idJson, '7')
  assert.deepEqual(outgoing.headers, [
    ...COMMON,
    'mcp-protocol-version',
    '2026-07-28',
    'mcp-method',
    'tools/list',
  ])
  assert.deepEqual(bodyOf(outgoing), {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/list',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': client,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  })
})

test('parameters go before metadata and cannot replace it', () => {
  const params = { cursor: 'c', _meta: 'mine' }
  const { outgoing } = modernQuestion(
    '/mcp',
    { id: 7, method: 'tools/list', params, client: {}, capabilities: { a: {} } },
    TIMES,
  )
  const asked = (bodyOf(outgoing) as { params: Record<string, unknown> }).params
  assert.equal(asked['cursor'], 'c')
  assert.notEqual(asked['_meta'], 'mine')
})

test('a legacy question names version and session, but not where it initializes', () => {
  const context = { version: '2025-11-25', sessionId: 's' }
  const ask = (method: string): readonly string[] =>
    legacyQuestion('/mcp', { id: 7, method, context }, TIMES).outgoing.headers.slice(4)
  assert.deepEqual(ask('ping'), ['mcp-protocol-version', '2025-11-25', 'mcp-session-id', 's'])
  assert.deepEqual(ask('initialize'), [])
})

test('a revision that does not know the version header gets none', () => {
  const { headers } = legacyQuestion(
    '/mcp',
    { id: 7, method: 'ping', params: { a: 1 }, context: { version: '2025-03-26' } },
    TIMES,
  ).outgoing
  assert.deepEqual(headers, COMMON)
})

test('a notification has no id, a farewell no body', () => {
  const context = { version: '2025-11-25', sessionId: 's' }
  const note = legacyNotification('/mcp', { method: 'notifications/x', context }, TIMES)
  assert.deepEqual(bodyOf(note), { jsonrpc: '2.0', method: 'notifications/x' })
  const told = legacyNotification('/mcp', { method: 'n', params: { a: 1 }, context }, TIMES)
  assert.deepEqual(bodyOf(told), { jsonrpc: '2.0', method: 'n', params: { a: 1 } })
  assert.deepEqual(legacyFarewell('/mcp', context, TIMES), {
    method: 'DELETE',
    path: '/mcp',
    headers: ['mcp-protocol-version', '2025-11-25', 'mcp-session-id', 's'],
    body: undefined,
    ...TIMES,
  })
})
