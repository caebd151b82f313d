// Every call leaves one record, with as much as was known by then.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalCode } from '#foundation/refusals.ts'
import type { Arrived, Decoded, McpAnswer, Recorded } from '#router/facts.ts'
import type { Outcome } from '#router/pipeline/stage.ts'
import { decodedAs, messageAs } from '#test/support/call-facts.ts'
import { arrivedAs, fakeCaller } from '#test/support/fake-caller.ts'
import { type CallRecord, record } from './record.ts'

const ANSWERED: Outcome<McpAnswer> = { kind: 'answered', answer: { kind: 'accepted' }, by: 'x' }
const refused = (code: RefusalCode): Outcome<McpAnswer> => ({
  kind: 'refused',
  refusal: { code, says: 'so', detail: 'inside' },
  by: 'x',
})

function recorded(
  outcome: Outcome<McpAnswer>,
  known: Partial<Arrived & Recorded & Decoded> = {},
): CallRecord {
  let nowMs = 100
  const ended: CallRecord[] = []
  const stage = record(
    { began: () => undefined, ended: one => void ended.push(one) },
    { nowMs: () => nowMs, wallMs: () => 0 },
  )
  const call = arrivedAs(known)
  const verdict = stage.decide(call)
  assert.ok(!(verdict instanceof Promise) && verdict.kind === 'continue')
  nowMs = 142
  void stage.settle?.({ ...call, ...verdict.facts, ...known }, outcome)
  assert.equal(ended.length, 1)
  return ended[0] ?? assert.fail('no record')
}

test('a call that was answered tells what it was, how long it took and how much it moved', () => {
  const caller = fakeCaller()
  caller.send(200, {}, 'hello')
  const session = { token: 's', serverName: 'default', version: '2025-11-25', members: [] }
  const trail = { attempts: 1, cluster: 'crm' }
  const { trail: kept, ...rest } = recorded(ANSWERED, {
    ...decodedAs({ session }),
    caller,
    body: Buffer.alloc(9),
    trail,
  })
  assert.equal(kept, trail)
  assert.deepEqual(rest, {
    verb: 'POST',
    serverName: 'default',
    hasSession: true,
    era: 'modern',
    version: '2026-07-28',
    method: 'tools/call',
    toolAsked: 'crm__find',
    result: 'answered',
    status: 200,
    durationMs: 42,
    bytesIn: 9,
    bytesOut: 5,
  })
})

test('bytes that were not understood leave a record without a method', () => {
  const { method, era, toolAsked, result, code, reason } = recorded(
    refused('RINGMAIN_MALFORMED_JSON'),
  )
  assert.deepEqual([method, era, toolAsked], [undefined, undefined, undefined])
  assert.deepEqual([result, code, reason], ['refused', 'RINGMAIN_MALFORMED_JSON', 'malformed'])
})

test('what decode understood of a message that it refused is recorded', () => {
  const message = messageAs({ method: 'nope', params: {} })
  const trail = { attempts: 0, misread: { era: 'legacy', message } } as const
  const { method, era } = recorded(refused('RINGMAIN_UNKNOWN_METHOD'), { trail })
  assert.deepEqual([method, era], ['nope', 'legacy'])
})

test('a refusal keeps its words and what is for the log alone', () => {
  const { says, detail } = recorded(refused('RINGMAIN_CLUSTER_BUSY'))
  assert.deepEqual([says, detail], ['so', 'inside'])
  const { says: none } = recorded({
    kind: 'refused',
    refusal: { code: 'RINGMAIN_DRAINING' },
    by: 'x',
  })
  assert.equal(none, undefined)
})

test('an answer that broke is broken, one whose caller left is not answered, a defect is one', () => {
  const broken = { attempts: 1, broken: 'RINGMAIN_OUTCOME_UNKNOWN' } as const
  assert.deepEqual(
    (({ result, code, reason }) => [result, code, reason])(recorded(ANSWERED, { trail: broken })),
    ['broken', 'RINGMAIN_OUTCOME_UNKNOWN', 'outcome_unknown'],
  )
  assert.equal(
    recorded(ANSWERED, { trail: { attempts: 1, broken: 'caller_gone' } }).result,
    'caller_gone',
  )
  const caller = fakeCaller()
  caller.leave()
  assert.equal(recorded(refused('RINGMAIN_OUTCOME_UNKNOWN'), { caller }).result, 'caller_gone')
  const defect = recorded({ kind: 'defect', error: new Error('x'), at: 'forward' }, { caller })
  assert.deepEqual(
    [defect.result, defect.code, defect.reason],
    ['defect', 'RINGMAIN_DEFECT', 'defect'],
  )
})

test('an answer that was cut by the router is broken, though the connection is gone by then', () => {
  const caller = fakeCaller()
  caller.leave()
  const trail = { attempts: 1, broken: 'RINGMAIN_OUTCOME_UNKNOWN' } as const
  assert.equal(recorded(ANSWERED, { caller, trail }).result, 'broken')
})

test('names that a caller made up are cut', () => {
  const called = (method: string): CallRecord =>
    recorded(ANSWERED, {
      ...decodedAs({
        message: messageAs({ method, params: { name: 'n'.repeat(500) } }),
        version: 'v'.repeat(500),
      }),
      serverName: 's'.repeat(500),
    })
  const { method, serverName, version } = called('m'.repeat(500))
  const lengths = [
    method,
    serverName,
    version,
    called('tools/call').toolAsked,
    called('prompts/get').promptAsked,
  ].map(name => name?.length)
  assert.deepEqual(lengths, [128, 128, 128, 128, 128])
})

test('what a caller asks for by URI or by task is told to no log', () => {
  for (const [method, params] of [
    ['resources/read', { uri: 'db://user:secret@host' }],
    ['tasks/get', { taskId: 'handle' }],
  ] as const)
    assert.doesNotMatch(
      JSON.stringify(recorded(ANSWERED, decodedAs({ message: messageAs({ method, params }) }))),
      /secret|handle/,
    )
})

test('words that may quote a caller or a replica are cut', () => {
  const { says, detail } = recorded({
    kind: 'refused',
    refusal: { code: 'RINGMAIN_UNKNOWN_TOOL', says: 's'.repeat(5_000), detail: 'd'.repeat(5_000) },
    by: 'x',
  })
  assert.deepEqual([says?.length, detail?.length], [512, 512])
})

test('a response has no method and is told by its kind', () => {
  const message = messageAs({ kind: 'response', method: '', params: {} })
  assert.equal(recorded(ANSWERED, decodedAs({ message })).method, 'response')
})

test('what begins is counted before anything else happens', () => {
  let began = 0
  const stage = record(
    {
      began: () => {
        began += 1
      },
      ended: () => undefined,
    },
    { nowMs: () => 0, wallMs: () => 0 },
  )
  void stage.decide(arrivedAs())
  assert.equal(began, 1)
})
