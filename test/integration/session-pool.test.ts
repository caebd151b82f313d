// Modern callers of legacy servers that keep sessions: each call has one of its own, unless the document lets them follow each other in one.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answerOf, modernCall, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { startSdkSessionful } from '#test/support/sdk-servers.ts'
import { until } from '#test/support/until.ts'

const SHARED = { connections: { shareSessions: true } }
const alone = await startScripted({ name: 'alone', eras: ['legacy'], isSessionful: true })
const shared = await startScripted({ name: 'shared', eras: ['legacy'], isSessionful: true })
const sdk = await startSdkSessionful()
const router = await runRouter(
  documents(
    clusterOf('alone', [alone.url]),
    clusterOf('shared', [shared.url], SHARED),
    clusterOf('sdk', [sdk.url], SHARED),
    ...['alone', 'shared', 'sdk'].map(name => serverOf(name, [name], { naming: 'plain' })),
  ),
)
const { mcpUrl, adminUrl } = router
for (const name of ['alone', 'shared', 'sdk']) await router.untilUp(name, 1)

after(async () => {
  await router.close()
  await Promise.all([alone, shared, sdk].map(server => server.close()))
})

/** Sessions that its calls came in, in order. */
const sessionsOf = (server: typeof alone): readonly unknown[] =>
  server.calls().map(({ headers }) => headers['mcp-session-id'])

async function metric(name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const line = text.split('\n').find(one => one.startsWith(name) && one.includes(labels))
  return Number(line?.split(' ').at(-1) ?? 0)
}

test('unless a document says otherwise no call finds a session that another was in', async () => {
  for (let turn = 0; turn < 5; turn += 1)
    assert.equal(servedBy(await modernCall(`${mcpUrl}/alone`, 'echo')), 'alone')
  const used = sessionsOf(alone)
  assert.deepEqual([used.length, new Set(used).size], [5, 5])
  await until('all of them to be ended', () => !used.some(id => alone.sessions.has(String(id))))
})

test('where it does, calls follow each other in one session', async () => {
  for (let turn = 0; turn < 20; turn += 1)
    assert.equal(servedBy(await modernCall(`${mcpUrl}/shared`, 'echo')), 'shared')
  assert.equal(new Set(sessionsOf(shared)).size, 1)
  const reused = 'ringmain_cluster="shared",how="reused"'
  assert.equal(await metric('ringmain_sessions_lent_total', reused), 19)
  assert.equal(await metric('ringmain_sessions_idle', 'ringmain_cluster="shared"'), 1)
})

test('a server that was begun anew costs its callers nothing, and runs each call once', async () => {
  const before = shared.executions()
  shared.forget()
  for (let turn = 0; turn < 3; turn += 1)
    assert.equal(servedBy(await modernCall(`${mcpUrl}/shared`, 'echo')), 'shared')
  assert.equal(shared.executions() - before, 3)
  const [lost, first, second, third] = sessionsOf(shared).slice(-4)
  assert.notEqual(lost, first)
  assert.deepEqual([first, second], [second, third])
})

test('many at once, and one after the other, are each given their own answer', async () => {
  const opened = sdk.opened()
  const caller = async (name: number): Promise<void> => {
    for (let turn = 0; turn < 25; turn += 1) {
      const who = `${name}-${turn}`
      const answer = answerOf(await modernCall(`${mcpUrl}/sdk`, 'greet', { who }, { id: 1 }))
      const content = answer.result?.['structuredContent'] as { readonly who?: string }
      assert.equal(content.who, who)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, name) => caller(name)))
  const more = sdk.opened() - opened
  assert.ok(more <= 8 + 5, `${more} sessions were opened for 200 calls of 8 at once`) // and some of checks
})

test('a caller who leaves ends the session that its call was in, and nobody waits for that', async () => {
  await modernCall(`${mcpUrl}/shared`, 'echo')
  const leaving = new AbortController()
  const left = modernCall(`${mcpUrl}/shared`, 'slow', { ms: 60_000 }, { signal: leaving.signal })
  await until('the call to run', () => shared.calls().at(-1)?.tool === 'slow')
  const id = String(sessionsOf(shared).at(-1))
  leaving.abort()
  await assert.rejects(left)
  await until('its session to be ended', () => !shared.sessions.has(id))
  assert.equal(servedBy(await modernCall(`${mcpUrl}/shared`, 'echo')), 'shared')
  assert.notEqual(sessionsOf(shared).at(-1), id)
})

test('a router that ends leaves none behind', async () => {
  const brief = await runRouter(
    documents(clusterOf('shared', [shared.url], SHARED), serverOf('shared', ['shared'])),
  )
  const before = [...shared.sessions]
  await modernCall(`${brief.mcpUrl}/shared`, 'echo')
  const id = String(sessionsOf(shared).at(-1))
  assert.ok(!before.includes(id) && shared.sessions.has(id))
  await brief.close()
  assert.ok(!shared.sessions.has(id))
})
