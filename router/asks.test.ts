// What servers ask of callers: under which ids it goes out, and that an answer finds its way to whoever asked, and to nobody else.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { createSealer } from '#foundation/seal.ts'
import { decodedAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageOf } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import { Asks, askingFor } from './asks.ts'
import type { Session } from './facts.ts'
import type { Refusal } from './pipeline/stage.ts'

const SEALER = createSealer(Buffer.alloc(32, 7))
const A = '127.0.0.1:1'
const sessionAs = (token: string, endpoint = A): Session => ({
  token,
  serverName: 'default',
  version: '2025-11-25',
  members: [{ cluster: 'crm', endpoint, id: 'up-1', version: '2025-11-25' }],
})
const SESSION = sessionAs('s')

function nameOf(idJson: string, session = SESSION, sealer = SEALER): string {
  const asking = askingFor(sealer, session, 'crm')
  return (asking.kind === 'named' ? asking.name(idJson) : undefined) ?? assert.fail(idJson)
}

interface Ground {
  readonly requests: FakeSend
  readonly answer: (idJson: string, session?: Session) => Promise<Refusal | undefined>
  readonly tellAll: (n: number) => void
}

function ground(t: TestContext): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  serveAt(active, clusters, { cluster: 'crm', ports: [1], learned: MODERN })
  const requests = fakeSend()
  const asks = new Asks({ active, sealer: SEALER, say: requests.say, after: () => () => undefined })
  return {
    requests,
    tellAll: n => {
      const method = 'notifications/roots/list_changed'
      const message = messageOf(`{"jsonrpc":"2.0","method":"${method}","params":{"n":${n}}}`)
      asks.tellAll(decodedAs({ era: 'legacy', session: SESSION, message }))
    },
    answer: async (idJson, session = SESSION) => {
      const message = messageOf(`{"jsonrpc":"2.0","id":${idJson},"result":{"n":1.0}}`)
      const answering = asks.answer(decodedAs({ era: 'legacy', session, message }))
      await settle()
      return answering
    },
  }
}

test('an answer goes to the replica that asked, under its own id, and not another byte of it changes', async t => {
  for (const own of ['0', '"é-7"', '-3']) {
    const { requests, answer } = ground(t)
    const answering = answer(nameOf(own))
    await settle()
    const sent = requests.last()
    assert.equal(sent.outgoing.body?.toString(), `{"jsonrpc":"2.0","id":${own},"result":{"n":1.0}}`)
    assert.equal(sent.header('mcp-session-id'), 'up-1')
    assert.equal(sent.place.endpoint.key, A)
    await sent.status(202)
    assert.equal(await answering, undefined)
    t.mock.timers.reset()
  }
})

test('a question has one name on a stream, and another on another', () => {
  const asking = askingFor(SEALER, SESSION, 'crm')
  assert.ok(asking.kind === 'named')
  assert.equal(asking.name('1'), asking.name('1'))
  assert.notEqual(asking.name('1'), asking.name('2'))
  assert.notEqual(asking.name('1'), nameOf('1'))
})

test('no more is asked on one stream than is bounded, nor under what is no id', () => {
  const asking = askingFor(SEALER, SESSION, 'crm')
  assert.ok(asking.kind === 'named')
  for (const none of ['null', '{}', '1.5', '1e3', 'true', `"${'x'.repeat(300)}"`])
    assert.equal(asking.name(none), undefined, none)
  for (let id = 0; id < 64; id += 1) assert.ok(asking.name(String(id)))
  assert.equal(asking.name('64'), undefined)
  assert.ok(asking.name('0'))
})

test('an id that nobody gave out, or to another session, is refused, and nobody is told', async t => {
  const { requests, answer } = ground(t)
  const foreign = nameOf('1', SESSION, createSealer(Buffer.alloc(32, 8)))
  for (const idJson of ['1', '"x"', nameOf('1', sessionAs('another')), foreign])
    assert.equal((await answer(idJson))?.code, 'RINGMAIN_QUESTION_UNKNOWN', idJson)
  assert.deepEqual(requests.sent, [])
})

test('of ten thousand damaged ids none is taken', async t => {
  const { requests, answer } = ground(t)
  const seed = 20_251_125
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const name = nameOf('1')
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const damaged = (): string => {
    const at = 1 + Math.floor(random() * (name.length - 2))
    const letter = letters[Math.floor(random() * letters.length)] ?? ''
    return name.slice(0, at) + letter + name.slice(at + 1)
  }
  const asks = Array.from({ length: 10_000 }, damaged).filter(one => one !== name)
  const refusals = await Promise.all(asks.map(one => answer(one)))
  assert.equal(refusals.filter(refusal => refusal === undefined).length, 0)
  assert.deepEqual(requests.sent, [])
})

test('what became of an answer is told: the session is gone, or the replica did not take it', async t => {
  const gone = await ground(t).answer(nameOf('1', sessionAs('s', 'gone')), sessionAs('s', 'gone'))
  assert.equal(gone?.code, 'RINGMAIN_SESSION_UNKNOWN')
  t.mock.timers.reset()
  for (const [status, code] of [
    [404, 'RINGMAIN_SESSION_UNKNOWN'],
    [400, 'RINGMAIN_ANSWER_LOST'],
    [503, 'RINGMAIN_ANSWER_LOST'],
  ] as const) {
    const { requests, answer } = ground(t)
    const answering = answer(nameOf('1'))
    await settle()
    await requests.last().status(status)
    assert.equal((await answering)?.code, code)
    t.mock.timers.reset()
  }
  const { requests, answer } = ground(t)
  const answering = answer(nameOf('1'))
  await settle()
  requests.last().fail('ECONNRESET')
  assert.equal((await answering)?.code, 'RINGMAIN_ANSWER_LOST')
})

test('a caller whose roots change all the time has its replica told once at a time, and of the last', async t => {
  const { requests, tellAll } = ground(t)
  for (let count = 0; count < 1_000; count += 1) tellAll(count)
  assert.equal(requests.sent.length, 1)
  await requests.last().status(202)
  assert.equal(requests.sent.length, 2)
  assert.match(String(requests.last().outgoing.body), /"n":999/)
  await requests.last().status(202)
  assert.equal(requests.sent.length, 2)
  tellAll(1_000)
  assert.equal(requests.sent.length, 3)
})
