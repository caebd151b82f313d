// A legacy session lives as long as its replica. When that one is lost or forgets, the caller is told to start anew;
// a router that goes and comes back is nothing to it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  legacyCall,
  legacyRequest,
  openSession,
  problemOf,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'
import { type ScriptedServer, startScripted } from '#test/support/scripted-server.ts'
import { sdkClients } from '#test/support/sdk-clients.ts'
import { startSdkSessionful } from '#test/support/sdk-servers.ts'
import { until } from '#test/support/until.ts'

async function withPair(
  work: (running: RunningRouter, pair: readonly ScriptedServer[]) => Promise<void>,
): Promise<void> {
  const pair = await Promise.all(
    ['left', 'right'].map(name => startScripted({ name, eras: ['legacy'], isSessionful: true })),
  )
  const running = await runRouter(
    documents(
      clusterOf(
        'pair',
        pair.map(({ url }) => url),
      ),
      serverOf('default', ['pair']),
    ),
  )
  await running.untilUp('pair', 2)
  try {
    await work(running, pair)
  } finally {
    await running.close()
    await Promise.all(pair.map(server => server.close()))
  }
}

test('a lost replica ends its sessions with 404, and the other replica takes the new ones', async () => {
  await withPair(async ({ mcpUrl }, pair) => {
    const session = await openSession(mcpUrl)
    const name = servedBy(await legacyCall(mcpUrl, 'echo', {}, { session }))
    const [lost, left] = name === 'left' ? pair : pair.toReversed()
    await lost?.close()
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await legacyCall(mcpUrl, 'echo', {}, { session })
      assert.equal(answer.status, 404)
      assert.equal(problemOf(answer)?.executed, 'no')
    }
    const again = await openSession(mcpUrl)
    assert.equal(servedBy(await legacyCall(mcpUrl, 'echo', {}, { session: again })), left?.name)
  })
})

test('a replica that forgot its sessions ends them with 404, for calls and for lists', async () => {
  await withPair(async ({ mcpUrl }, pair) => {
    const sessions = [await openSession(mcpUrl), await openSession(mcpUrl)]
    for (const server of pair) server.forget()
    const [first, second] = sessions
    assert.equal((await legacyCall(mcpUrl, 'echo', {}, { session: first ?? '' })).status, 404)
    const list = await rawRequest(
      mcpUrl,
      legacyRequest('tools/list', {}, { session: second ?? '' }),
    )
    assert.equal(list.status, 404)
    assert.equal(
      pair.reduce((sum, server) => sum + server.executions(), 0),
      0,
    )
  })
})

test('what is left of a lost session at other clusters is ended, once no call of it is under way', async () => {
  const [one, other] = await Promise.all(
    ['one', 'other'].map(name => startScripted({ name, eras: ['legacy'], isSessionful: true })),
  )
  assert.ok(one !== undefined && other !== undefined)
  const running = await runRouter(
    documents(
      clusterOf('one', [one.url]),
      clusterOf('other', [other.url]),
      serverOf('default', ['one', 'other']),
    ),
  )
  const { mcpUrl } = running
  try {
    for (const name of ['one', 'other']) await running.untilUp(name, 1)
    const lose = async (session: string): Promise<string> => {
      assert.equal(servedBy(await legacyCall(mcpUrl, 'other__echo', {}, { session })), 'other')
      const left = String(other.calls().at(-1)?.headers['mcp-session-id'])
      one.forget()
      return left
    }
    const session = await openSession(mcpUrl)
    const left = await lose(session)
    assert.ok(other.sessions.has(left))
    assert.equal((await legacyCall(mcpUrl, 'one__echo', {}, { session })).status, 404)
    await until('the other part to be ended', () => !other.sessions.has(left))
    assert.equal((await legacyCall(mcpUrl, 'other__echo', {}, { session })).status, 404)

    const busy = await openSession(mcpUrl)
    const kept = await lose(busy)
    const slow = legacyCall(mcpUrl, 'other__slow', { ms: 300 }, { session: busy, id: 2 })
    await until('the call to run', () => other.calls().at(-1)?.tool === 'slow')
    assert.equal((await legacyCall(mcpUrl, 'one__echo', {}, { session: busy, id: 3 })).status, 404)
    assert.equal(servedBy(await slow), 'other')
    assert.ok(other.sessions.has(kept), 'a call of it was under way')
  } finally {
    await running.close()
    await Promise.all([one.close(), other.close()])
  }
})

test('a router started again with the same state serves the sessions of the one before', async t => {
  const state = mkdtempSync(join(tmpdir(), 'ringmain-state-'))
  const pair = await Promise.all(
    ['left', 'right'].map(name => startScripted({ name, eras: ['legacy'], isSessionful: true })),
  )
  const urls = pair.map(({ url }) => url)
  const mesh = documents(clusterOf('pair', urls), serverOf('default', ['pair']))
  const first = await runRouter(mesh, { state })
  const session = await openSession(first.mcpUrl)
  const name = servedBy(await legacyCall(first.mcpUrl, 'echo', {}, { session }))
  await first.close()
  const second = await runRouter(mesh, { state })
  t.after(async () => {
    await second.close()
    await Promise.all(pair.map(server => server.close()))
    rmSync(state, { recursive: true })
  })
  assert.equal(servedBy(await legacyCall(second.mcpUrl, 'echo', {}, { session })), name)
})

test('the official legacy clients start anew after their replica was started again', async t => {
  const server = await startSdkSessionful()
  const running = await runRouter(
    documents(clusterOf('sdk', [server.url]), serverOf('default', ['sdk'])),
  )
  t.after(() => Promise.all([running.close(), server.close()]))
  for (const label of ['SDK v1', 'SDK v2 as it comes']) {
    const connect = sdkClients[label] ?? assert.fail(label)
    const client = await connect(running.mcpUrl)
    await client.call('greet', { who: 'before' })
    await server.forget()
    // The SDK leaves it to its user to connect again; what it needs for that is the status.
    await assert.rejects(client.call('greet', { who: 'lost' }), (error: unknown) => {
      const { code, status } = error as { code?: unknown; status?: unknown }
      return code === 404 || status === 404 || /404|session/i.test(String(error))
    })
    await client.close()
    const again = await connect(running.mcpUrl)
    const answer = await again.call('greet', { who: 'after' })
    assert.deepEqual(answer.structuredContent, { server: 'sessionful', who: 'after' })
    await again.close()
  }
})
