// The everything server in each of its kinds, asked by the official clients: what it says of itself, and what its tools ask.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type EverythingKind, startEverything } from './start.ts'

const MODES = { modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const
const KINDS: readonly EverythingKind[] = ['dual', 'modern', 'legacy', 'stateless']
const servers = Object.fromEntries(
  await Promise.all(KINDS.map(async kind => [kind, await startEverything(kind)] as const)),
)

after(() => Promise.all(Object.values(servers).map(server => server.close())))

async function connected(kind: EverythingKind, era: keyof typeof MODES) {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: {}, sampling: {} }, versionNegotiation: { mode: MODES[era] } },
  )
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { name: 'Ada' },
  }))
  await client.connect(new StreamableHTTPClientTransport(new URL(servers[kind]?.url ?? '')))
  return { client, [Symbol.asyncDispose]: () => client.close() }
}

const SPOKEN: readonly (readonly [EverythingKind, keyof typeof MODES])[] = [
  ['dual', 'modern'],
  ['dual', 'legacy'],
  ['modern', 'modern'],
  ['legacy', 'legacy'],
]

for (const [kind, era] of SPOKEN)
  test(`a ${kind} server asks a ${era} caller for a name, and says it`, async () => {
    await using pair = await connected(kind, era)
    assert.equal(pair.client.getProtocolEra(), era)
    const name = 'test_input_required_result_elicitation'
    assert.deepEqual((await pair.client.callTool({ name })).content, [
      { type: 'text', text: 'Hello, Ada!' },
    ])
  })

test('a server without sessions answers what needs none', async () => {
  await using pair = await connected('stateless', 'legacy')
  const { content } = await pair.client.callTool({ name: 'test_simple_text' })
  assert.equal(content.length, 1)
})

test('a modern server lets no legacy caller in', async () => {
  await assert.rejects(connected('modern', 'legacy'))
})
