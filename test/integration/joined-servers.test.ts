// Prompts, resources and templates of two servers on the official SDK, joined under prefixes and under plain names, as official clients see them.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startSdkCatalog } from '#test/support/sdk-catalog.ts'

const one = await startSdkCatalog('one')
const two = await startSdkCatalog('two')
const router = await runRouter(
  documents(
    clusterOf('one', [one.url]),
    clusterOf('two', [two.url]),
    serverOf('default', ['one', 'two']),
    serverOf('plain', ['one', 'two'], { naming: 'plain' }),
  ),
)
await Promise.all([router.untilUp('one', 1), router.untilUp('two', 1)])
after(async () => {
  await router.close()
  await Promise.all([one.close(), two.close()])
})

const INFO = { name: 'test', version: '1' }
type Client = Pick<
  ClientV2,
  | 'listPrompts'
  | 'listResources'
  | 'listResourceTemplates'
  | 'getPrompt'
  | 'readResource'
  | 'callTool'
  | 'getServerCapabilities'
  | 'close'
>

const clients: Readonly<Record<string, (url: string) => Promise<Client>>> = {
  'SDK v1': async url => {
    const client = new ClientV1(INFO)
    await client.connect(new TransportV1(new URL(url)))
    return client as unknown as Client // the methods that are used are the same
  },
  'SDK v2 pinned': async url => {
    const client = new ClientV2(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await client.connect(new TransportV2(new URL(url)))
    return client
  },
}

/** How `server` calls what the cluster `two` offers. */
const NAMES = {
  '': { prompt: 'two__sum-two', tool: 'two__link-two', uri: (own: string) => `two+${own}` },
  '/plain': { prompt: 'sum-two', tool: 'link-two', uri: (own: string) => own },
} as const

for (const [label, connect] of Object.entries(clients))
  for (const [path, names] of Object.entries(NAMES))
    test(`${label} uses what two servers offer at "${path}"`, async t => {
      const client = await connect(`${router.mcpUrl}${path}`)
      t.after(() => client.close())
      const { tools, prompts, resources } = client.getServerCapabilities() ?? {}
      const told = { listChanged: true }
      assert.deepEqual([tools, prompts, resources], [told, told, told])
      const [notes, record] = [names.uri('two:/notes'), names.uri('two:/records/7')]
      const listed = await client.listPrompts()
      assert.equal(listed.prompts[1]?.name, names.prompt)
      assert.equal((await client.listResources()).resources[1]?.uri, notes)
      const { resourceTemplates } = await client.listResourceTemplates()
      assert.equal(resourceTemplates[1]?.uriTemplate, names.uri('two:/records/{id}'))
      for (const [uri, own] of [
        [notes, 'two:/notes'],
        [record, 'two:/records/7'],
      ] as const)
        assert.deepEqual((await client.readResource({ uri })).contents, [
          { uri, text: `${own} of two` },
        ])
      const { messages } = await client.getPrompt({ name: names.prompt })
      assert.deepEqual(messages[0]?.content, {
        type: 'resource',
        resource: { uri: notes, text: 'n' },
      })
      const { content } = await client.callTool({ name: names.tool, arguments: {} })
      assert.deepEqual(content, [{ type: 'resource_link', name: 'notes', uri: notes }])
      await assert.rejects(client.readResource({ uri: 'none:/x' }), { code: -32_602 })
      await assert.rejects(client.getPrompt({ name: 'none' }), { code: -32_602 })
    })
