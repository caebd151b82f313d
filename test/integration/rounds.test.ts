// Calls whose servers ask their callers, through two router processes that share nothing but a key: what begins on one goes on at the other.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import {
  answerTo,
  askableSession,
  legacyCallInRounds,
  modernRound,
} from '#test/support/call-in-rounds.ts'
import { startEverything } from '#test/support/everything/start.ts'
import { answerOf, problemOf } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'

const KINDS = ['legacy', 'modern'] as const
const servers = await Promise.all(KINDS.map(kind => startEverything(kind)))
const mesh = documents(
  ...KINDS.map((kind, at) => clusterOf(kind, [servers[at]?.url ?? ''])),
  ...KINDS.map(kind => serverOf(kind, [kind], { criticality: 'critical_plus' })),
)
const env = { RINGMAIN_SESSION_KEY: randomBytes(32).toString('base64') }
const routers = await Promise.all([1, 2].map(() => startRouterProcess(mesh, { env })))
const [one = '', other = ''] = routers.map(({ mcpUrl }) => mcpUrl)
for (const router of routers) await Promise.all(KINDS.map(kind => router.untilUp(kind, 1)))

after(async () => {
  await Promise.all(routers.map(router => router.close()))
  await Promise.all(servers.map(server => server.close()))
})

const CONFIRMED = { confirm: { action: 'accept', content: { ok: true } } }

test('a modern call goes on at another router, with the state of its server', async () => {
  const name = 'test_input_required_result_request_state'
  const first = answerOf(await modernRound(`${one}/modern`, { name })).result
  assert.equal(first?.['resultType'], 'input_required')
  const round = { name, requestState: first['requestState'], inputResponses: CONFIRMED }
  const { result } = answerOf(await modernRound(`${other}/modern`, round))
  assert.deepEqual(result?.['content'], [
    { type: 'text', text: 'state-ok: confirmed with the state of the round before' },
  ])
  const changed = await modernRound(`${other}/modern`, { ...round, arguments: { more: 1 } })
  assert.equal(problemOf(changed)?.code, 'RINGMAIN_STATE_REFUSED')
  assert.equal(answerOf(changed).error?.code, -32_602)
})

test('what a modern server asks a legacy caller is answered where it was asked, and elsewhere that is said', async () => {
  const session = await askableSession(`${one}/modern`)
  const name = 'test_input_required_result_elicitation'
  const call = await legacyCallInRounds(`${one}/modern`, name, session)
  const { id, method } = await call.next()
  assert.equal(method, 'elicitation/create')
  const answer = { id, result: { action: 'accept', content: { name: 'Ada' } } }
  const strange = await answerTo(`${other}/modern`, session, answer)
  assert.equal(strange.status, 400)
  assert.equal(problemOf(strange)?.code, 'RINGMAIN_QUESTION_UNKNOWN')
  assert.match(answerOf(strange).error?.message ?? '', /Another router asked it/)
  assert.equal((await answerTo(`${one}/modern`, session, answer)).status, 202)
  const { result } = await call.next()
  assert.deepEqual(result?.['content'], [{ type: 'text', text: 'Hello, Ada!' }])
})

test('what a legacy caller is asked it may answer at another router', async () => {
  const session = await askableSession(`${one}/legacy`)
  const name = 'test_input_required_result_elicitation'
  const call = await legacyCallInRounds(`${one}/legacy`, name, session)
  const { id, method } = await call.next()
  assert.equal(method, 'elicitation/create')
  const answer = { id, result: { action: 'accept', content: { name: 'Ada' } } }
  const strange = await answerTo(`${other}/legacy`, session, { ...answer, id: 'x' })
  assert.equal(strange.status, 400)
  assert.equal(problemOf(strange)?.code, 'RINGMAIN_QUESTION_UNKNOWN')
  assert.equal((await answerTo(`${other}/legacy`, session, answer)).status, 202)
  const { result } = await call.next()
  assert.deepEqual(result?.['content'], [{ type: 'text', text: 'Hello, Ada!' }])
})
