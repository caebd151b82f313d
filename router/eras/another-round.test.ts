// A call of a legacy caller whose modern server asks for more: one answer after the other on one stream, whatever form each has.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Again, AskedRound } from '#router/facts.ts'
import { carriedAs } from '#test/support/carried-call.ts'
import { type FakeBody, fakeBody } from '#test/support/fake-body.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { settle } from '#test/support/manual-time.ts'
import { relayAs, relayed } from '#test/support/relayed.ts'
import { carryTo } from './bridge/downward.ts'
import { questionFor } from './bridge/rounds.ts'
import { EventReader } from './event-reader.ts'

const carry = carryTo('legacy', carriedAs({ mayAsk: true }))
const ASKS =
  '{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","inputRequests":{"k":{"method":"roots/list"}}}}'
const ASKS_FORM =
  '{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"m","requestedSchema":{}}}}}}'
const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[]}}'
const HEARD = '{"jsonrpc":"2.0","id":"x","result":{"content":[]}}'
const event = (json: string): string => `event: message\ndata: ${json}\n\n`
const QUESTION = '{"question":1}'

const send = (body: FakeBody, text: string, isStream: boolean): void => {
  body.data(isStream ? event(text) : text)
  body.end()
}

/** Asked once, and then as `outcome` has it. */
async function asked(isStream: boolean, outcome: () => Awaited<ReturnType<Again>>) {
  const rounds: AskedRound[] = []
  const again: Again = async (round, tell) => {
    rounds.push(round)
    tell(Buffer.from(QUESTION))
    return outcome()
  }
  const relay = relayed({ isStream, carry, again })
  send(relay.body, ASKS, isStream)
  await settle()
  return { ...relay, rounds }
}

const next = (isStream: boolean) => {
  const body = fakeBody()
  return {
    body,
    answer: { kind: 'relay', relay: { ...relayAs({ isStream, carry }), body } } as const,
  }
}

for (const first of [false, true])
  for (const second of [false, true])
    test(`asked ${first ? 'by an event' : 'by a body'}, answered ${second ? 'by an event' : 'by a body'}`, async () => {
      const { body, answer } = next(second)
      const call = await asked(first, () => ({ kind: 'answer', answer }))
      assert.deepEqual(call.rounds, [{ questions: [{ key: 'k', method: 'roots/list' }] }])
      send(body, ANSWER, second)
      await call.done
      assert.equal(call.caller.text(), event(QUESTION) + event(HEARD))
      assert.deepEqual([call.caller.log[0], call.caller.log.at(-1)], ['begin 200', 'end'])
      assert.deepEqual(call.ends, [{ ended: 'whole' }])
    })

test('what comes of it may be an error, or a refusal, and is the last word', async () => {
  const errorJson = '{"code":1}'
  const error = await asked(false, () => ({
    kind: 'answer',
    answer: { kind: 'error', errorJson, rpcCode: 1, status: 400 },
  }))
  await error.done
  assert.equal(error.caller.text(), event(QUESTION) + event(errorJson))
  const code = 'RINGMAIN_QUESTION_UNANSWERED'
  const refused = await asked(true, () => ({ kind: 'refuse', refusal: { code } }))
  await refused.done
  assert.equal(refused.caller.text(), event(QUESTION) + event(`<${code}>`))
  assert.equal(refused.trail.broken, code)
})

test('an answer for a caller that has left meanwhile is given up', async () => {
  let abandoned = 0
  const caller = fakeCaller()
  const { answer } = next(false)
  const relay = { ...answer.relay, abandon: () => void (abandoned += 1) }
  const again: Again = async () => {
    caller.leave()
    return { kind: 'answer', answer: { kind: 'relay', relay } }
  }
  const call = relayed({ caller, carry, again })
  send(call.body, ASKS, false)
  await call.done
  assert.equal(abandoned, 1)
  assert.equal(call.trail.broken, 'caller_gone')
})

test('a server that ends its lines as Windows does is heard whole', async () => {
  const lines = (json: string): string => json.replaceAll(',"', ',\r\n  "').replaceAll('{"', '{\r"')
  const { body, answer } = next(false)
  const rounds: Buffer[] = []
  const again: Again = async (round, tell) => {
    for (const question of round.questions) {
      const json = questionFor('q', question)
      rounds.push(json)
      tell(json)
    }
    return { kind: 'answer', answer }
  }
  const relay = relayed({ isStream: false, carry, again })
  send(relay.body, lines(ASKS_FORM), false)
  await settle()
  send(body, lines(ANSWER), false)
  await relay.done
  const seen: string[] = []
  const reader = new EventReader({
    mostBytes: 1_000,
    onEvent: ({ data }) => seen.push(JSON.stringify(JSON.parse(String(data)))),
  })
  reader.push(Buffer.from(relay.caller.text()))
  assert.deepEqual(seen, [JSON.stringify(JSON.parse(String(rounds[0]))), HEARD])
})
