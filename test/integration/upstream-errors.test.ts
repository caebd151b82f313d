// Errors that the tool server answers with: a tool's own go through as sent, those about the router's part stay here,
// and none carries a code that the specification retired or kept for itself.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyCall,
  modernCall,
  openSession,
  problemOf,
  type RawAnswer,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'

const tool = await startScripted({ name: 'tool', isSessionful: true })
const router = await runRouter(
  documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools'])),
)
const { mcpUrl } = router

after(async () => {
  await router.close()
  await tool.close()
})

const callers: Readonly<Record<string, (name: string, args: object) => Promise<RawAnswer>>> = {
  modern: (name, args) => modernCall(mcpUrl, name, { ...args }),
  legacy: (name, args) => legacyCall(mcpUrl, name, { ...args }),
  'session-holding': async (name, args) =>
    legacyCall(mcpUrl, name, { ...args }, { session: await openSession(mcpUrl) }),
}

for (const [who, call] of Object.entries(callers)) {
  test(`an error in an answer of 200 reaches a ${who} caller as it was sent`, async () => {
    const answer = await call('error', {})
    assert.equal(answer.status, 200)
    assert.deepEqual(answerOf(answer).error, {
      code: -32602,
      message: 'no such account',
      data: { account: 7 },
    })
  })

  test(`a refusal of 400 with a JSON-RPC error reaches a ${who} caller as an error`, async () => {
    const answer = await call('status_error', { code: 400, rpc: -32602 })
    assert.equal(answer.status, who === 'modern' ? 400 : 200)
    assert.equal(answerOf(answer).error?.code, -32602)
    assert.equal(answerOf(answer).error?.message, 'refused by the server')
    assert.equal(answerOf(answer).id, 1)
  })

  for (const rpc of [-32000, -32001, -32002, -32019, -32042, -32020, -32022, -32023, -32099]) {
    test(`a refusal with the code ${rpc} is told to a ${who} caller in Ringmain's own words`, async () => {
      const before = tool.executions('status_error')
      const answer = await call('status_error', { code: 400, rpc })
      assert.equal(answer.status, 200)
      // The modern era defines that these two are found before anything runs; of the others, and in the legacy era, nobody knows.
      const isBefore = who === 'modern' && (rpc === -32020 || rpc === -32022)
      const code = isBefore ? 'RINGMAIN_UPSTREAM_REFUSED' : 'RINGMAIN_UPSTREAM_BAD_RESPONSE'
      assert.equal(problemOf(answer)?.code, code)
      assert.equal(problemOf(answer)?.executed, isBefore ? 'no' : 'unknown')
      assert.ok(!answer.body.toString().includes(String(rpc)))
      assert.equal(tool.executions('status_error'), before + 1, 'asked once')
    })
  }
}

test('a missing capability is told to the modern caller who lacks it, and to no legacy one', async () => {
  const modern = await callers['modern']?.('status_error', { code: 400, rpc: -32021 })
  assert.ok(modern !== undefined)
  assert.equal(modern.status, 400)
  assert.equal(answerOf(modern).error?.code, -32021)
  const legacy = await callers['legacy']?.('status_error', { code: 400, rpc: -32021 })
  assert.ok(legacy !== undefined)
  // It cannot be asked for what its server wants, and is told so in the router's own words.
  assert.equal(problemOf(legacy)?.code, 'RINGMAIN_QUESTION_UNANSWERED')
  assert.notEqual(answerOf(legacy).error?.code, -32021)
})
