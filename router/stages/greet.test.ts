// Handshakes are answered by the router itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refusal } from '#router/pipeline/stage.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { greet, type Handshakes } from './greet.ts'

const greeted = (method: string, initialize?: Handshakes['initialize']): unknown =>
  greet({
    discover: () => ({ resultJson: '{"supportedVersions":[]}' }),
    initialize: initialize ?? (() => assert.fail('not asked to initialize')),
    setLevel: () => assert.fail('not asked for a level'),
    forsake: () => assert.fail('the caller is there'),
  }).decide(callAs({ message: messageAs({ method }) }))

test('discover and ping need no replica', async () => {
  assert.deepEqual(await greeted('server/discover'), {
    kind: 'answer',
    answer: { kind: 'result', resultJson: '{"supportedVersions":[]}' },
  })
  assert.deepEqual(await greeted('ping'), {
    kind: 'answer',
    answer: { kind: 'result', resultJson: '{}' },
  })
})

test('initialize answers with the session that was opened, or with why none was', async () => {
  const opened = { resultJson: '{}', sessionToken: 'sealed' }
  assert.deepEqual(await greeted('initialize', () => Promise.resolve(opened)), {
    kind: 'answer',
    answer: { kind: 'result', ...opened },
  })
  const refusal = { code: 'RINGMAIN_NO_HEALTHY_REPLICA' } as const
  assert.deepEqual(await greeted('initialize', () => Promise.resolve({ refusal })), {
    kind: 'refuse',
    refusal,
  })
})

test('a session that was opened for a caller who left meanwhile is ended again', async () => {
  const caller = fakeCaller()
  const forsaken: string[] = []
  const stage = greet({
    discover: () => ({ resultJson: '{}' }),
    initialize: () => {
      caller.leave()
      return Promise.resolve({ resultJson: '{}', sessionToken: 'sealed' })
    },
    setLevel: () => assert.fail('not asked for a level'),
    forsake: token => void forsaken.push(token),
  })
  const verdict = await stage.decide(
    callAs({ caller, message: messageAs({ method: 'initialize' }) }),
  )
  assert.equal(verdict.kind, 'refuse')
  assert.deepEqual(forsaken, ['sealed'])
})

test('a level is told to the session, and only one that there is', async () => {
  const told: string[] = []
  const levelled = (level: unknown, refusal?: Refusal): unknown =>
    greet({
      discover: () => assert.fail('not asked'),
      initialize: () => assert.fail('not asked'),
      forsake: () => assert.fail('not asked'),
      setLevel: (_call, asked) => {
        told.push(asked)
        return Promise.resolve(refusal)
      },
    }).decide(callAs({ message: messageAs({ method: 'logging/setLevel', params: { level } }) }))
  assert.deepEqual(await levelled('debug'), {
    kind: 'answer',
    answer: { kind: 'result', resultJson: '{}' },
  })
  const refusal = { code: 'RINGMAIN_SESSION_UNKNOWN' } as const
  assert.deepEqual(await levelled('error', refusal), { kind: 'refuse', refusal })
  for (const level of ['loud', '', 5, undefined]) {
    const verdict = (await levelled(level)) as { refusal?: Refusal }
    assert.equal(verdict.refusal?.code, 'RINGMAIN_INVALID_PARAMS')
  }
  assert.deepEqual(told, ['debug', 'error'])
})
