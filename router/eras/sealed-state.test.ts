// The state of a server is sealed where it stands, and nowhere else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '#test/support/read-message.ts'
import { relayed } from '#test/support/relayed.ts'
import { MOST_HELD } from './held-output.ts'
import { splice } from './json-spans.ts'
import { ownStateIn, withSealedState } from './sealed-state.ts'

const rounds = {
  seal: (own: string): string => `<${own}>`,
  park: () => assert.fail('nothing waits'),
  waitsMs: () => assert.fail('nothing waits'),
}
const sealed = (text: string): string => withSealedState(Buffer.from(text), rounds).toString()
const answer = (result: string): string => `{"jsonrpc":"2.0","id":"x","result":${result}}`
const ASKS = '"resultType":"input_required"'

test('a state is sealed, whatever stands in it, and every other byte goes as it came', () => {
  const own = '"n":12345678901234567890, "x":1.0'
  for (const [state, seal] of [
    ['"s"', '"<s>"'],
    ['"\\u00e9\\"$&"', '"<é\\"$&>"'],
    ['""', '"<>"'],
  ])
    assert.equal(
      sealed(answer(`{${ASKS},"requestState": ${state} ,${own}}`)),
      answer(`{${ASKS},"requestState": ${seal} ,${own}}`),
    )
})

test('what is no state of the call is left alone', () => {
  for (const result of [
    '{"content":[{"type":"text","text":"requestState"}]}',
    '{"structuredContent":{"requestState":"s"}}',
    `{${ASKS},"requestState":7}`,
    '"requestState"',
  ])
    assert.equal(sealed(answer(result)), answer(result))
  const error = '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"requestState"}}'
  assert.equal(sealed(error), error)
  for (const comment of [': requestState\n', ': requestState\n\n'])
    assert.equal(sealed(comment), comment)
})

test('a body and an event are sealed on any split, and also when they are long', async () => {
  for (const padding of ['', 'x'.repeat(2 * MOST_HELD)]) {
    const [own, out] = ['"s"', '"<s>"'].map(state =>
      answer(`{${ASKS},"inputRequests":{"k":"${padding}"},"requestState":${state}}`),
    )
    for (const isStream of [false, true]) {
      const sent = isStream ? `event: message\ndata: ${own}\n\n` : (own ?? '')
      const relay = relayed({ isStream, rounds, upstreamIdJson: '"x"' })
      const step = padding === '' ? 1 : 10_000
      for (let at = 0; at < sent.length; at += step) relay.body.data(sent.slice(at, at + step))
      relay.body.end()
      await relay.done
      assert.equal(relay.caller.text(), isStream ? `event: message\ndata: ${out}\n\n` : out)
    }
  }
})

test('a long answer that asks for nothing goes on as it comes', async () => {
  const relay = relayed({ rounds, upstreamIdJson: '"x"' })
  relay.body.data(`{"jsonrpc":"2.0","id":"x","result":{"content":"${'x'.repeat(MOST_HELD)}`)
  assert.ok(relay.caller.text().length > MOST_HELD)
  relay.body.data('"}}')
  relay.body.end()
  await relay.done
})

test('a server gets its own state back in the place of the sealed one', () => {
  const call = (state: string): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"requestState":${state},"n":1.0}}`
  const message = messageOf(call('"sealed"'))
  const changes = ownStateIn(message, { ...rounds, ownState: 'é"' })
  assert.equal(splice(message.body, changes).toString(), call('"é\\""'))
  assert.deepEqual(ownStateIn(message, rounds), [])
})
