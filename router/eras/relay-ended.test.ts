// Whoever keeps a replica's account is told once how its answer ended, and of the error that it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { ANSWER, relayed } from '#test/support/relayed.ts'

const ERROR = '{"jsonrpc":"2.0","error":{"message":"no","code":-32603},"id":7}'

/** A JSON answer, and the same as an event of a stream. */
const shapes = [
  { isStream: false, framed: (text: string) => text },
  { isStream: true, framed: (text: string) => `data: ${text}\n\n` },
] as const

test('an answer that went out whole is told with the code of its error, whatever the split', async () => {
  for (const { isStream, framed } of shapes)
    for (const callerIdJson of ['7', '"x"'])
      for (const [text, rpcCode] of [
        [ANSWER, undefined],
        [ERROR, -32_603],
        [ERROR.replace('-32603', ' 1 '), 1],
        [ANSWER.replace('{}', '{"error":{"code":-32603,"message":""}}'), undefined],
      ] as const)
        for (const parts of [[framed(text)], framed(text).split('')]) {
          const { body, ends, done } = relayed({ isStream, callerIdJson })
          for (const part of parts) body.data(part)
          body.end()
          await done
          assert.deepEqual(ends, [{ ended: 'whole', rpcCode }])
        }
})

test('what follows an answer in its stream does not change what the answer was', async () => {
  const { body, ends, done } = relayed({ isStream: true })
  body.data(`data: ${ERROR}\n\n`)
  body.data('data: oops\n\n')
  body.broken()
  await done
  assert.deepEqual(ends, [{ ended: 'whole', rpcCode: -32_603 }])
})

test('one that breaks off, one that is none and one whose caller left are told apart', async () => {
  for (const { isStream, framed } of shapes) {
    const begun = isStream ? framed('{"jsonrpc":"2.0","method":"x"}') : ANSWER.slice(0, 9)
    for (const [finish, ended] of [
      ['broken', 'cut'],
      ['end', 'unreadable'],
    ] as const) {
      const { body, ends, done } = relayed({ isStream })
      body.data(begun)
      body[finish]()
      await done
      assert.deepEqual(ends, [{ ended }])
    }
    const caller = fakeCaller()
    const { body, ends, done } = relayed({ isStream, caller })
    body.data(begun)
    caller.leave()
    body.broken()
    await done
    assert.deepEqual(ends, [{ ended: 'left' }])
  }
})
