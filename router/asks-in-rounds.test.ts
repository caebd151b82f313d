// A legacy caller is asked what a modern server wants to know: what comes of its answers, and of none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { decodedAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { type FakeDeadline, fakeDeadline } from '#test/support/fake-deadline.ts'
import { fakeSend } from '#test/support/fake-send.ts'
import { playedClusters } from '#test/support/open-cluster.ts'
import { messageOf } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import { type AskPorts, Asks } from './asks.ts'
import type { AskedRound, Session } from './facts.ts'

const CALL = messageOf('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}')
const ROOTS = { key: 'r', method: 'roots/list' }
const FORM = { key: 'f', method: 'elicitation/create', paramsJson: '{"message":"who?"}' }
const sessionAs = (token: string): Session => ({
  token,
  serverName: 'default',
  version: '2025-11-25',
  members: [],
  client: { info: { name: 'a', version: '1' }, capabilities: { roots: {}, elicitation: {} } },
})
const SESSION = sessionAs('s')

interface Scene {
  readonly caller: FakeCaller
  readonly deadline: FakeDeadline
  /** What the caller was told, by message. */
  readonly told: readonly {
    readonly id?: string
    readonly method: string
    readonly params?: unknown
  }[]
  /** How long is waited; acts when its time is over. */
  readonly waits: { readonly ms: number; readonly act: () => void; isLeft: boolean }[]
  readonly outcome: ReturnType<Asks['ask']>
  readonly answers: (
    id: string | undefined,
    rest: string,
    session?: Session,
  ) => Promise<string | undefined>
  /** The same answer at another router with the same key. */
  readonly elsewhere: (id: string | undefined, session?: Session) => ReturnType<Asks['answer']>
}

function asking(asked: AskedRound, session = SESSION): Scene {
  const clusters = playedClusters()
  const waits: Scene['waits'] = []
  const ports: AskPorts = {
    active: new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open),
    sealer: createSealer(Buffer.alloc(32)),
    say: fakeSend().say,
    after: (ms, act) => {
      const wait = { ms, act, isLeft: false }
      waits.push(wait)
      return () => {
        wait.isLeft = true
      }
    },
  }
  const asks = new Asks(ports)
  const [caller, deadline] = [fakeCaller(), fakeDeadline()]
  const told: { id?: string; method: string }[] = []
  const about = { session, caller, deadline: deadline.deadline, message: CALL }
  const outcome = asks.ask(
    about,
    asked,
    json => void told.push(JSON.parse(json.toString()) as { method: string }),
  )
  return {
    caller,
    deadline,
    told,
    waits,
    outcome,
    answers: async (id, rest, from = session) => {
      const message = messageOf(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}`)
      return (await asks.answer(decodedAs({ era: 'legacy', session: from, message })))?.code
    },
    elsewhere: (id, from = session) => {
      const message = messageOf(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{}}`)
      return new Asks(ports).answer(decodedAs({ era: 'legacy', session: from, message }))
    },
  }
}

const codeOf = (outcome: Awaited<Scene['outcome']>): string =>
  'refusal' in outcome ? `${outcome.refusal.code}: ${outcome.refusal.says}` : 'message'

test('when all is answered, in any order, the call goes up with it', async () => {
  const scene = asking({ questions: [ROOTS, FORM], stateJson: '"s"' })
  assert.deepEqual(
    scene.told.map(({ method }) => method),
    ['roots/list', 'elicitation/create'],
  )
  const [roots, form] = scene.told.map(({ id }) => id)
  assert.equal(await scene.answers(form, '"result":{"action":"accept","n":1.0}'), undefined)
  assert.equal(await scene.answers(roots, '"result":{"roots":[]}'), undefined)
  const outcome = await scene.outcome
  assert.ok('message' in outcome)
  assert.equal(
    outcome.message.body.toString(),
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a",' +
      '"inputResponses":{"r":{"roots":[]},"f":{"action":"accept","n":1.0}},"requestState":"s"}}',
  )
  assert.ok(scene.waits[0]?.isLeft)
  assert.deepEqual(scene.deadline.log, ['hold'])
})

test('an answer counts once, and from the session that was asked', async () => {
  const scene = asking({ questions: [ROOTS, FORM] })
  const [{ id } = {}] = scene.told
  const unknown = 'RINGMAIN_QUESTION_UNKNOWN'
  assert.equal(await scene.answers(id, '"result":{}', sessionAs('another')), unknown)
  assert.equal(await scene.answers(id, '"result":{}'), undefined)
  assert.equal(await scene.answers(id, '"result":{}'), unknown)
})

test('an answer that reaches another router is refused in words, and only from the session that was asked', async () => {
  const scene = asking({ questions: [ROOTS] })
  const [{ id } = {}] = scene.told
  const refusal = await scene.elsewhere(id)
  assert.equal(refusal?.code, 'RINGMAIN_QUESTION_UNKNOWN')
  assert.match(refusal.says ?? '', /^Another router asked it/)
  assert.equal((await scene.elsewhere(id, sessionAs('another')))?.says, undefined)
  assert.equal((await scene.elsewhere('x'))?.says, undefined)
  assert.equal(await scene.answers(id, '"result":{}'), undefined)
  assert.equal(codeOf(await scene.outcome), 'message')
})

test('whoever does not answer in time is told that it is asked no more, and the call is refused', async () => {
  const ends: readonly ((scene: Scene) => void)[] = [
    ({ waits }) => waits[0]?.act(),
    ({ deadline }) => deadline.end(),
    ({ caller }) => caller.leave(),
  ]
  for (const end of ends) {
    const scene = asking({ questions: [ROOTS, FORM] })
    const [roots, form] = scene.told.map(({ id }) => id)
    assert.equal(scene.waits[0]?.ms, 120_000)
    await scene.answers(roots, '"result":{}')
    end(scene)
    assert.match(codeOf(await scene.outcome), /^RINGMAIN_QUESTION_UNANSWERED: Nobody answered/)
    const withdrawn = scene.told.slice(2)
    assert.deepEqual(withdrawn, [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: form } },
    ])
    assert.equal(await scene.answers(form, '"result":{}'), 'RINGMAIN_QUESTION_UNKNOWN')
  }
})

test('an error is an answer, and no caller is asked what it cannot do', async () => {
  const scene = asking({ questions: [ROOTS] })
  await scene.answers(scene.told[0]?.id, '"error":{"code":-1,"message":"no"}')
  assert.match(codeOf(await scene.outcome), /answered with an error/)
  const other = asking({ questions: [ROOTS, { key: 's', method: 'sampling/createMessage' }] })
  assert.match(codeOf(await other.outcome), /cannot be asked for sampling/)
  assert.deepEqual(other.told, [])
})

test('a server that only wants the call again gets it after a moment', async () => {
  const scene = asking({ questions: [], stateJson: '"s"' })
  assert.equal(scene.waits[0]?.ms, 250)
  scene.waits[0]?.act()
  assert.equal(codeOf(await scene.outcome), 'message')
})
