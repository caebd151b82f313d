// What a caller does with a tool server, one play for each thing that either era has its own way of. A play that ends has gone well.
import assert from 'node:assert/strict'
import type { EverythingServer } from '#test/support/everything/start.ts'
import type { Caller } from './callers.ts'

/** Gives `silent` when the caller got its answer, and nothing of what was to come before it. */
export type Play = (caller: Caller, server: EverythingServer) => Promise<unknown>

/** The text of a result; of one that is a refusal it is thrown. */
function said(result: {
  readonly content: readonly unknown[]
  readonly isError?: boolean | undefined
}): unknown {
  const { text } = result.content[0] as { readonly text: string }
  if (result.isError === true) throw new Error(text)
  return text
}

export const PLAYS = {
  call: async ({ client }) => {
    const result = await client.callTool({ name: 'test_simple_text' })
    assert.equal(said(result), 'This is a simple text response for testing.')
  },
  stream: async ({ client }) => {
    const logged: unknown[] = []
    client.setNotificationHandler('notifications/message', ({ params }) => {
      logged.push(params.data)
    })
    if (client.getProtocolEra() === 'legacy') await client.setLoggingLevel('debug')
    const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' }
    const result = await client.callTool({ name: 'test_tool_with_logging', _meta })
    assert.equal(said(result), 'Logged three times.')
    const outcome = logged.length === 0 ? 'silent' : undefined
    if (outcome === undefined)
      assert.deepEqual(
        logged,
        ['started', 'halfway', 'done'].map(step => `Tool execution ${step}`),
      )
    return outcome
  },
  progress: async ({ client }) => {
    const heard: number[] = []
    await client.callTool(
      { name: 'test_tool_with_progress' },
      { onprogress: ({ progress }) => void heard.push(progress) },
    )
    assert.deepEqual(heard, [0, 50, 100])
  },
  cancel: async ({ client }, server) => {
    const givenUp = server.givenUp()
    const leaving = new AbortController()
    const call = client.callTool(
      { name: 'test_until_cancelled' },
      { signal: leaving.signal, onprogress: () => leaving.abort() },
    )
    await assert.rejects(call)
    assert.ok(leaving.signal.aborted, 'the tool never ran')
    await givenUp
  },
  elicitation: async ({ client }) => {
    const result = await client.callTool({ name: 'test_input_required_result_elicitation' })
    assert.equal(said(result), 'Hello, Ada!')
  },
  sampling: async ({ client }) => {
    const result = await client.callTool({ name: 'test_input_required_result_sampling' })
    assert.equal(said(result), 'Sampling response: Paris')
  },
  'list change': async ({ client, listen }) => {
    const { heard } = await listen()
    await client.callTool({ name: 'test_trigger_tool_change' })
    await heard
  },
  'resource read': async ({ client }) => {
    const { contents } = await client.readResource({ uri: 'test://static-text' })
    assert.deepEqual(contents, [
      { uri: 'test://static-text', mimeType: 'text/plain', text: 'A text that never changes.' },
    ])
  },
  completion: async ({ client }) => {
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
      argument: { name: 'arg1', value: 'par' },
    })
    assert.deepEqual(completion.values, ['paris', 'park', 'party'])
  },
} as const satisfies Readonly<Record<string, Play>>

export type PlayName = keyof typeof PLAYS

export const PLAY_NAMES = Object.keys(PLAYS) as readonly PlayName[]
