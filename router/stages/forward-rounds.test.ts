// A modern server that asks its legacy caller for more, again and again: its call is sent with each answer, and not for ever.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Again, McpAnswer } from '#router/facts.ts'
import type { Verdict } from '#router/pipeline/stage.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { freeRetries } from '#test/support/free-retries.ts'
import { forward } from './forward.ts'

interface Asking {
  /** The first answer. */
  readonly first: Again
  /** Messages that were sent, in order, and whether each may run twice. */
  readonly sent: (readonly [idJson: string, isReplayable: boolean])[]
}

const againIn = (verdict: Verdict<object, McpAnswer>): Again => {
  assert.ok(verdict.kind === 'answer' && verdict.answer.kind === 'relay')
  return verdict.answer.relay.again ?? assert.fail('it cannot go on')
}

/** Every answer is one that asks for more. */
async function asking(): Promise<Asking> {
  const sent: Asking['sent'] = []
  const choose = freeRetries(call => ({
    kind: 'target',
    target: {
      endpoint: `r${sent.length}`,
      isBound: false,
      typicalMs: () => 1,
      forgo: () => assert.fail('it is sent'),
      send: () => {
        sent.push([call.message.idJson, call.isReplayable])
        return {
          attempt: Promise.resolve(answeredAs(200, { 'content-type': 'application/json' })),
          upstreamIdJson: '7',
          abandon: () => undefined,
          expire: () => undefined,
          ended: () => undefined,
          relearn: () => undefined,
          asked: async () => ({ message: messageAs({ idJson: `"round ${sent.length}"` }) }),
        }
      },
    },
  }))
  const stage = forward(choose, () => 'relay')
  const call = callAs({ era: 'legacy', isReplayable: true, message: messageAs({ idJson: '1' }) })
  return { sent, first: againIn(await stage.decide(call)) }
}

const ROUND = { questions: [{ key: 'k', method: 'roots/list' }] }
const TELL = (): void => undefined

test('a call is sent with eight answers, and a server that asks once more is refused', async () => {
  const { first, sent } = await asking()
  let again = first
  for (let round = 1; round <= 8; round += 1) again = againIn(await again(ROUND, TELL))
  assert.equal(sent.length, 9)
  const refused = await again(ROUND, TELL)
  assert.ok(refused.kind === 'refuse')
  assert.equal(refused.refusal.code, 'RINGMAIN_QUESTION_UNANSWERED')
  assert.equal(refused.refusal.says, 'It asked in more than 8 rounds.')
  assert.equal(sent.length, 9)
})

test('what a person has answered is sent once, though its tool may run twice', async () => {
  const { first, sent } = await asking()
  await first(ROUND, TELL)
  assert.deepEqual(sent, [
    ['1', true],
    ['"round 1"', false],
  ])
})
