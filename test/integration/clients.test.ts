// The official clients against the official servers, with the router between them, in every pairing of the eras.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import {
  type Connect,
  type SdkClient,
  sdkClients,
  type ToolAnswer,
} from '#test/support/sdk-clients.ts'
import {
  SDK_TOOLS,
  type SdkServer,
  startSdkDual,
  startSdkModern,
  startSdkSessionful,
  startSdkStateless,
} from '#test/support/sdk-servers.ts'
import { until } from '#test/support/until.ts'

const dual = await startSdkDual()
const modern = await startSdkModern()
const sessionful = await startSdkSessionful()
const stateless = await startSdkStateless()
const scripted = await startScripted({ name: 'scripted' })
const router = await runRouter(
  documents(
    ...[dual, modern, sessionful, stateless, scripted].map(({ name, url }) =>
      clusterOf(name, [url]),
    ),
    ...['dual', 'modern', 'sessionful', 'stateless', 'scripted'].map(name =>
      serverOf(name, [name], name === 'scripted' ? { instructions: 'Follow the script.' } : {}),
    ),
    serverOf('default', ['dual', 'sessionful', 'stateless']),
  ),
)

after(async () => {
  await router.close()
  await Promise.all([dual, modern, sessionful, stateless, scripted].map(server => server.close()))
})

const textOf = (answer: ToolAnswer): string =>
  (answer.content as readonly { readonly text: string }[]).map(({ text }) => text).join()

async function connected(connect: (url: string) => Promise<SdkClient>, path: string) {
  const client = await connect(router.mcpUrl + path)
  return { client, [Symbol.asyncDispose]: () => client.close() }
}

/** What the same client says to the server without a router between. */
async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work())
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
}

/** A client that the server understands without a router between: this one, or one of the server's own era. */
function speakerOf(server: SdkServer, connect: Connect): Connect {
  if (server === dual) return connect
  return sdkClients[server === modern ? 'SDK v2 pinned' : 'SDK v1'] ?? assert.fail('no such client')
}

const servers = [dual, modern, sessionful, stateless]

for (const [label, connect] of Object.entries(sdkClients)) {
  for (const server of servers) {
    const isModern = /pinned|finds out/.test(label)

    test(`${label} connects to ${server.name}, lists and calls its tools`, async () => {
      await using pair = await connected(connect, `/${server.name}`)
      const { client } = pair
      assert.equal(client.serverName(), 'ringmain')
      assert.equal(client.version(), isModern ? '2026-07-28' : '2025-11-25')
      if (!isModern) await client.ping()
      const { tools } = await client.list()
      assert.deepEqual(
        tools.map(({ name }) => name),
        SDK_TOOLS,
      )
      const answer = await client.call('greet', { who: 'Ada' })
      assert.deepEqual(answer.structuredContent, { server: server.name, who: 'Ada' })
      assert.equal(textOf(answer), `hello Ada from ${server.name}`)
    })

    test(`${label} hears the progress of a tool of ${server.name}, in order and before the answer`, async () => {
      await using pair = await connected(connect, `/${server.name}`)
      const heard: number[] = []
      const answer = await pair.client.call(
        'steps',
        {},
        { onprogress: ({ progress }) => void heard.push(progress) },
      )
      assert.equal(textOf(answer), 'three steps')
      assert.deepEqual(heard, [1, 2, 3])
    })

    test(`${label} reads a failed tool of ${server.name} as the tool's own failure`, async () => {
      await using pair = await connected(connect, `/${server.name}`)
      const answer = await pair.client.call('fail')
      assert.equal(answer.isError, true)
      assert.equal(textOf(answer), 'the ledger is closed')
    })

    test(`${label} gets for an unknown tool of ${server.name} what the server itself would say`, async () => {
      await using pair = await connected(connect, `/${server.name}`)
      const direct = await speakerOf(server, connect)(server.url)
      const expected = await outcome(() => direct.call('no_such_tool'))
      assert.equal(await outcome(() => pair.client.call('no_such_tool')), expected)
      await direct.close()
    })

    test(`${label} cancels a call, and the tool of ${server.name} hears of it`, async () => {
      await using pair = await connected(connect, `/${server.name}`)
      const before = server.cancelled()
      const leaving = new AbortController()
      const call = pair.client.call(
        'wait',
        {},
        { signal: leaving.signal, onprogress: () => leaving.abort() },
      )
      await assert.rejects(call)
      await until('the tool to hear', () => server.cancelled() === before + 1)
    })

    test(`${label} is told by the merged server which of its clusters an unknown tool is not in`, async () => {
      await using pair = await connected(connect, '')
      const outcomes = await Promise.all(
        ['dual__no_such', 'nobody__greet', 'greet', '__greet', 'dual__'].map(name =>
          outcome(() => pair.client.call(name)),
        ),
      )
      for (const one of outcomes.slice(1, 4)) assert.equal(one, '-32602')
    })
  }

  test(`${label} works with the scripted server and reads the document's instructions`, async () => {
    await using pair = await connected(connect, '/scripted')
    assert.equal(pair.client.instructions(), 'Follow the script.')
    const answer = await pair.client.call('echo', { a: 1 })
    assert.deepEqual((answer.structuredContent as { args: unknown }).args, { a: 1 })
  })

  test(`${label} reads what the replica says of itself where the document says nothing`, async () => {
    await using pair = await connected(connect, '/dual')
    assert.equal(pair.client.instructions(), 'This is dual.')
  })
}

test('a legacy client ends its session, and none of it is left at the tool server', async () => {
  const before = sessionful.sessions() // of clients that left without a word
  for (const label of ['SDK v1', 'SDK v2 as it comes']) {
    const client = await (sdkClients[label] ?? assert.fail(label))(`${router.mcpUrl}/sessionful`)
    assert.ok((client.sessionId() ?? '').length > 0)
    await client.call('greet')
    await client.terminate()
    await client.close()
  }
  await until('both sessions to be ended', () => sessionful.sessions() <= before)
})
