// What a server asks of its caller on the stream of a call: that it goes on by another name, holds the call, and where it must not be asked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { type RelayScene, relayed } from '#test/support/relayed.ts'

const V = '"jsonrpc":"2.0"'
const event = (json: string): string => `event: message\ndata: ${json}\n\n`
const asks = (id: string): string => `{${V},"id":${id},"method":"roots/list"}`
const withdraws = (id: string, more = ''): string =>
  `{${V},"method":"notifications/cancelled","params":{"requestId":${id}${more}}}`
const ANSWER = `{${V},"id":7,"result":{}}`

async function streamed(scene: RelayScene, events: readonly string[], letters = false) {
  const relay = relayed({ isStream: true, ...scene })
  for (const text of events)
    for (const piece of letters ? text.split('') : [text]) relay.body.data(piece)
  relay.body.end()
  await relay.done
  return relay
}

const named: RelayScene = {
  asking: { kind: 'named', name: own => (own === '0' ? '"named"' : undefined) },
}

test('a question and its withdrawal go on under the caller’s id for it, whatever the split', async () => {
  for (const letters of [false, true]) {
    const sent = [asks('0'), withdraws('0', ',"reason":"late"'), withdraws('5'), ANSWER].map(event)
    const { caller } = await streamed(named, sent, letters)
    const heard = [
      asks('"named"'),
      withdraws('"named"', ',"reason":"late"'),
      withdraws('5'),
      ANSWER.replace('7', '"x"'),
    ]
    assert.equal(caller.text(), heard.map(event).join(''))
  }
})

test('while its caller is asked a call has all the time that there is', async () => {
  const { deadline, log } = fakeDeadline()
  await streamed({ ...named, deadline }, [asks('0'), ANSWER].map(event))
  assert.deepEqual(log, ['hold'])
})

test('a question that may not be asked ends the stream in words, and is not handed on', async () => {
  const refusal = { code: 'RINGMAIN_QUESTION_UNANSWERED', says: 'no' } as const
  const scenes: readonly (readonly [RelayScene, string])[] = [
    [{ asking: { kind: 'refused', refusal } }, refusal.code],
    [{}, 'RINGMAIN_UPSTREAM_BAD_RESPONSE'],
    [named, 'RINGMAIN_UPSTREAM_BAD_RESPONSE'], // more than are carried
  ]
  for (const [scene, code] of scenes) {
    const { caller, abandoned } = await streamed(scene, [asks('9'), ANSWER].map(event))
    assert.equal(caller.text(), event(`<${code}>`))
    assert.equal(abandoned(), 1)
  }
})

test('an event that holds nothing but a word that is looked for is no message', async () => {
  const never = () => assert.fail('nothing waits')
  const rounds = { seal: () => '"sealed"', park: never, waitsMs: never }
  for (const scene of [named, { rounds }])
    for (const word of ['notifications/cancelled', 'requestState']) {
      const nothing = [`data:\n: ${word}\n\n`, `event: message\n: ${word}\ndata: \n\n`]
      const { caller } = await streamed(scene, [...nothing, event(ANSWER)])
      assert.ok(caller.text().endsWith(event(ANSWER.replace('7', '"x"'))))
    }
})

test('a fault of our own in what is read is the end of one answer, and of nothing else', async () => {
  const carry = (): never => assert.fail('planted')
  for (const isStream of [true, false]) {
    const relay = relayed({ isStream, carry })
    relay.body.data(isStream ? event(ANSWER) : ANSWER)
    relay.body.end()
    await relay.done
    assert.match(relay.caller.text(), /<RINGMAIN_DEFECT>/)
    assert.deepEqual([relay.abandoned(), relay.trail.broken], [1, 'RINGMAIN_DEFECT'])
  }
})
