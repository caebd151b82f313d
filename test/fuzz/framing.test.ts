// An event stream that is cut in two at every byte, and in three at every pair of them near its ends of lines, is the same stream.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { CommentPace } from '#router/eras/comment-pace.ts'
import { HeldOutput } from '#router/eras/held-output.ts'
import { IdSwap } from '#router/eras/id-swap.ts'
import { SseRelay } from '#router/eras/sse-relay.ts'
import { runOf, spelt } from '#test/support/properties.ts'
import { EXPECTED_ID, rpcMessage } from '#test/support/rpc-messages.ts'

function relayed(...pieces: readonly Buffer[]): readonly [text: string, end: string] {
  let text = ''
  const out = new HeldOutput(piece => {
    text += piece.toString('latin1')
  })
  const relay = new SseRelay(new IdSwap(String(EXPECTED_ID), '"caller"'), {
    out,
    pace: new CommentPace(() => 0),
    onProgress: () => undefined,
    onQuestion: () => true,
  })
  for (const piece of pieces) relay.push(piece)
  return [text, `${relay.isBroken} ${relay.isAnswered} ${String(relay.errorCode)}`]
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const field = fc.oneof(
  { weight: 6, arbitrary: fc.constant('data:') },
  fc.constantFrom('id: 1', 'retry: 5', 'event: message', 'event: other', ': a comment', 'x', ':'),
)
const stream = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(fc.array(fc.tuple(field, lineEnd), { maxLength: 3 }), rpcMessage, lineEnd), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.integer(),
  )
  .map(([hasMark, events, ink]) => {
    const random = seededRandom(ink)
    const text = events
      .map(([lines, message, end]) => {
        const before = lines.map(([line, lineEnds]) => line + lineEnds).join('')
        return `${before}data: ${spelt(message, random, true)}${end}${end}`
      })
      .join('')
    return Buffer.from((hasMark ? '\ufeff' : '') + text)
  })

test('cut at every byte, a stream is what it is whole', t => {
  let cuts = 0
  fc.assert(
    fc.property(stream, bytes => {
      const whole = relayed(bytes)
      for (let at = 0; at <= bytes.length; at += 1) {
        assert.deepEqual(relayed(bytes.subarray(0, at), bytes.subarray(at)), whole, `cut at ${at}`)
        cuts += 1
      }
      const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
      assert.deepEqual(relayed(...single), whole, 'every byte alone')
    }),
    runOf(t, 40),
  )
  t.diagnostic(`${cuts} cuts`)
})

test('bytes that are no stream break nothing, wherever they are cut', t => {
  const words =
    'data: event: id : \n \r \r\n \n\n \ufeff {"jsonrpc":"2.0" , "id": "result":{} } " \u0000 é'
  const long = 'x'.repeat(70_000)
  const parts = fc.constantFrom(...words.split(' '), '\\', String(EXPECTED_ID), long)
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 14 }), fc.nat(), (pieces, cut) => {
      const bytes = Buffer.from(pieces.join(''))
      const at = bytes.length === 0 ? 0 : cut % bytes.length
      assert.deepEqual(relayed(bytes.subarray(0, at), bytes.subarray(at)), relayed(bytes))
    }),
    runOf(t, 300),
  )
})
