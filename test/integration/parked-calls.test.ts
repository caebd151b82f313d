// Calls of modern callers that wait at a legacy server for an answer: they go on where they were, at whichever router and however their
// stream is, and whatever breaks meanwhile, no tool runs twice.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { startAsking } from '#test/support/asking-replica.ts'
import { modernRound } from '#test/support/call-in-rounds.ts'
import { answerOf, problemOf } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { until } from '#test/support/until.ts'

const KINDS = ['numbered', 'unnumbered', 'dying'] as const
type Kind = (typeof KINDS)[number]
const replicas = await Promise.all(
  KINDS.map(kind => startAsking({ isNumbered: kind !== 'unnumbered' })),
)
const replicaOf = (kind: Kind) => replicas[KINDS.indexOf(kind)] ?? assert.fail(kind)
const mesh = documents(
  ...KINDS.map(kind => clusterOf(kind, [replicaOf(kind).url])),
  ...KINDS.map(kind => serverOf(kind, [kind], { criticality: 'critical_plus' })),
)
const env = { RINGMAIN_SESSION_KEY: randomBytes(32).toString('base64') }
const routers = await Promise.all([1, 2].map(() => startRouterProcess(mesh, { env })))
const [one = '', other = ''] = routers.map(({ mcpUrl }) => mcpUrl)
for (const router of routers) await Promise.all(KINDS.map(kind => router.untilUp(kind, 1)))

after(async () => {
  await Promise.all(routers.map(router => router.close()))
  await Promise.all(replicas.map(replica => replica.close()))
})

const ADA = { action: 'accept', content: { name: 'Ada' } }

/** The first round: what is brought back with the answer. */
async function asked(kind: Kind, url = one): Promise<Readonly<Record<string, unknown>>> {
  const { result } = answerOf(await modernRound(`${url}/${kind}`, { name: 'ask' }))
  assert.equal(result?.['resultType'], 'input_required', JSON.stringify(result))
  const [key = ''] = Object.keys(result['inputRequests'] as object)
  return { name: 'ask', requestState: result['requestState'], inputResponses: { [key]: ADA } }
}

const said = (answer: Awaited<ReturnType<typeof modernRound>>): unknown =>
  (answerOf(answer).result?.['content'] as readonly { text?: string }[] | undefined)?.[0]?.text

const SCENES: readonly (readonly [kind: Kind, at: string, url: string])[] = [
  ['numbered', 'the same router', one],
  ['numbered', 'another router', other],
  ['unnumbered', 'the same router', one],
]

for (const [kind, at, url] of SCENES)
  test(`a stream that is ${kind} goes on at ${at}, and its session is over with it`, async () => {
    const replica = replicaOf(kind)
    const [begun, done] = [replica.begun(), replica.done()]
    const sessions = [...replica.sessions]
    const round = await asked(kind)
    const [session] = [...replica.sessions].filter(id => !sessions.includes(id))
    assert.ok(session !== undefined)
    assert.equal(said(await modernRound(`${url}/${kind}`, round)), 'Hello, Ada!')
    assert.deepEqual([replica.begun() - begun, replica.done() - done], [1, 1])
    await until('its session to be ended', async () => !replica.sessions.has(session))
  })

test('what is held by one router cannot go on at another, which says so and sends nothing', async () => {
  const replica = replicaOf('unnumbered')
  const round = await asked('unnumbered')
  const begun = replica.begun()
  const strange = await modernRound(`${other}/unnumbered`, round)
  assert.equal(problemOf(strange)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
  assert.equal(replica.begun(), begun)
})

test('an answer counts once: the round that comes a second time does not run the tool again', async () => {
  for (const kind of ['numbered', 'unnumbered'] as const) {
    const replica = replicaOf(kind)
    const round = await asked(kind)
    await modernRound(`${one}/${kind}`, round)
    const [begun, done] = [replica.begun(), replica.done()]
    const again = await modernRound(`${one}/${kind}`, round)
    assert.equal(problemOf(again)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
    assert.deepEqual([replica.begun(), replica.done()], [begun, done])
  }
})

test('who brings no answer has declined, and a state that was changed opens nothing', async () => {
  const round = await asked('numbered')
  const { requestState } = round
  const tampered = `${String(requestState).slice(0, -2)}AA`
  const refused = await modernRound(`${other}/numbered`, { ...round, requestState: tampered })
  assert.equal(problemOf(refused)?.code, 'RINGMAIN_STATE_REFUSED')
  const declined = await modernRound(`${one}/numbered`, { name: 'ask', requestState })
  assert.equal(said(declined), 'Hello, nobody!')
})

test('a replica that dies between the rounds, and one that comes back in its place, run nothing again', async () => {
  const before = replicaOf('dying')
  const rounds = [await asked('dying'), await asked('dying')]
  await before.close()
  const dead = await modernRound(`${one}/dying`, rounds[0] ?? {})
  assert.equal(problemOf(dead)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
  const later = await startAsking({ isNumbered: true, port: before.port })
  try {
    const lost = await modernRound(`${other}/dying`, rounds[1] ?? {})
    assert.equal(problemOf(lost)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
    assert.deepEqual([before.begun(), before.done(), later.begun()], [2, 0, 0])
  } finally {
    await later.close()
  }
})
