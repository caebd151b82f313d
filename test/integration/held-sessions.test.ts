// Callers who open sessions and never end them: the replicas hold no more than the document allows, and who lost one is told.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { legacyCall, openSession, problemOf, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const MOST = 12
const tool = await startScripted({ name: 'one', eras: ['legacy'], isSessionful: true })
const router = await runRouter(
  documents(
    clusterOf('kept', [tool.url], { connections: { sessions: MOST } }),
    serverOf('default', ['kept'], { naming: 'plain' }),
  ),
)
const { mcpUrl } = router
after(async () => {
  await router.close()
  await tool.close()
})

test('a hundred sessions that nobody ends leave as many open as there may be, and those in use go on', async () => {
  const session = await openSession(mcpUrl)
  const abandoned: string[] = []
  for (let count = 0; count < 100; count += 1) {
    abandoned.push(await openSession(mcpUrl))
    assert.equal(servedBy(await legacyCall(mcpUrl, 'echo', {}, { session })), 'one')
  }
  await until('the others to be ended', () => tool.sessions.size <= MOST + 1) // and one of a check, perhaps
  const lost = await legacyCall(mcpUrl, 'echo', {}, { session: abandoned[0] ?? '' })
  assert.equal(lost.status, 404)
  assert.deepEqual(
    [problemOf(lost)?.code, problemOf(lost)?.executed],
    ['RINGMAIN_SESSION_UNKNOWN', 'no'],
  )
  const anew = await openSession(mcpUrl)
  assert.equal(servedBy(await legacyCall(mcpUrl, 'echo', {}, { session: anew })), 'one')
})
