// Answers that are said in the other era on their way: whole or as events, on any split of the bytes, and bounded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedAs } from '#test/support/carried-call.ts'
import { type RelayScene, relayed } from '#test/support/relayed.ts'
import { MOST_CARRIED } from './carried-output.ts'
import { carryTo } from './downward.ts'

const carry = carryTo('modern', carriedAs())
const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}'
const CARRIED = '{"jsonrpc":"2.0","id":"x","result":{"resultType":"complete","content":[]}}'
const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}'
const LOG = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'
const event = (json: string): string => `event: message\ndata: ${json}\n\n`

const played = async (text: string, parts: readonly string[], scene: RelayScene = {}) => {
  const relay = relayed({ carry, ...scene })
  for (const part of parts) relay.body.data(part)
  relay.body.end()
  await relay.done
  assert.ok(text.length > 0)
  return relay
}

test('a whole answer goes out as the caller’s era has it, whatever the split', async () => {
  for (const parts of [[ANSWER], ANSWER.split('')]) {
    const { caller, blamed } = await played(ANSWER, parts)
    assert.deepEqual(caller.log, [`send 200 ${CARRIED}`])
    assert.equal(blamed(), 0)
  }
})

test('events go on one by one; what means nothing there does not, and comments do', async () => {
  const text = `: hi\n\n${event(PROGRESS)}id: 4\n${event(LOG)}${event(ANSWER)}`
  const spread = text.replace(ANSWER, ANSWER.replace('"result"', '\ndata: "result"'))
  for (const stream of [text, spread])
    for (const parts of [[stream], stream.split('')]) {
      const { caller, ends } = await played(stream, parts, { isStream: true })
      const heard = caller.text().replace(/, ?"result"/, ',"result"')
      assert.equal(heard, `: hi\n\n${event(PROGRESS)}${event(CARRIED)}`)
      assert.deepEqual(ends, [{ ended: 'whole', rpcCode: undefined }])
    }
})

test('an event without data, as servers begin a stream with that may be resumed, says nothing', async () => {
  for (const nothing of ['id: 1\ndata: \n\n', 'id: 1\ndata:\n\n', 'retry: 5\ndata:  \n\n']) {
    const text = `${nothing}${event(ANSWER)}`
    const { caller, blamed } = await played(text, [text], { isStream: true })
    assert.equal(caller.text(), event(CARRIED))
    assert.equal(blamed(), 0)
  }
})

test('what cannot be said there is told in words, in either form', async () => {
  const asks = '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}'
  const streamed = await played(asks, [event(asks)], { isStream: true })
  assert.match(streamed.caller.text(), /<RINGMAIN_QUESTION_UNANSWERED>/)
  assert.equal(streamed.abandoned(), 1)
  const none = ANSWER.replace('{"content":[]}', '[]')
  const whole = await played(none, [none])
  assert.deepEqual(whole.caller.log, ['send 200 <RINGMAIN_UPSTREAM_BAD_RESPONSE>'])
})

test('a message that is larger than what may be held is refused, and no more of it is read', async () => {
  const piece = 'a'.repeat(1_048_576)
  for (const isStream of [false, true]) {
    const relay = relayed({ carry, isStream })
    relay.body.data(`${isStream ? 'data: ' : ''}{"jsonrpc":"2.0","id":7,"result":{"text":"`)
    for (let sent = 0; sent <= MOST_CARRIED; sent += piece.length) relay.body.data(piece)
    await relay.done
    assert.match(relay.caller.log.join(), /RINGMAIN_UPSTREAM_BAD_RESPONSE/)
    assert.equal(relay.abandoned(), 1)
  }
})
