// The official clients against the official servers, with the router between them, in every pairing of one era.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { type SdkClient, sdkClients, type ToolAnswer } from '#test/support/sdk-clients.ts'
import {
  SDK_TOOLS,
  startSdkDual,
  startSdkSessionful,
  startSdkStateless,
} from '#test/support/sdk-servers.ts'
import { until } from '#test/support/until.ts'

const dual = await startSdkDual()
const sessionful = await startSdkSessionful()
const stateless = await startSdkStateless()
const scripted = await startScripted({ name: 'scripted' })
const router = await runRouter(
  documents(
    ...[dual, sessionful, stateless, scripted].map(({ name, url }) => clusterOf(name, [url])),
    ...['dual', 'sessionful', 'stateless', 'scripted'].map(name =>
      serverOf(name, [name], name === 'scripted' ? { instructions: 'Follow the script.' } : {}),
    ),
    serverOf('default', ['dual', 'sessionful', 'stateless']),
  ),
)

after(async () => {
  await router.close()
  await Promise.all([dual, sessionful, stateless, scripted].map(server => server.close()))
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

const servers = [dual, sessionful, stateless]

for (const [label, connect] of Object.entries(sdkClients)) {
  for (const server of servers) {
    const isModern = /pinned|finds out/.test(label)
    if (isModern && server !== dual) continue

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
      const direct = await connect(server.url)
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

test('in front of legacy replicas a client that finds out takes the era that works', async () => {
  const connect = sdkClients['SDK v2 that finds out'] ?? assert.fail('no such client')
  await using pair = await connected(connect, '/sessionful')
  const answer = await pair.client.call('greet')
  assert.notEqual(answer.isError, true)
})

test('in front of legacy replicas a client pinned to the other era is not let in', async () => {
  const connect = sdkClients['SDK v2 pinned'] ?? assert.fail('no such client')
  const before = sessionful.executions()
  await assert.rejects(connect(`${router.mcpUrl}/sessionful`), { code: 'ERA_NEGOTIATION_FAILED' })
  assert.equal(sessionful.executions(), before)
})

test('where one cluster of several speaks only legacy, a modern call to it is told so, and that nothing ran', async () => {
  const connect = sdkClients['SDK v2 pinned'] ?? assert.fail('no such client')
  await using pair = await connected(connect, '')
  const before = sessionful.executions()
  const answer = await pair.client.call('sessionful__greet')
  assert.equal(answer.isError, true)
  assert.match(textOf(answer), /RINGMAIN_ERA_NOT_BRIDGED.*not executed/)
  assert.equal(sessionful.executions(), before)
})

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
