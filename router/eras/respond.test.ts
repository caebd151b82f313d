// The turn of every path: each outcome as the caller's era writes it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Arrived, Decoded, McpAnswer, Recorded } from '#router/facts.ts'
import type { Outcome } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import { fakeBody } from '#test/support/fake-body.ts'
import { arrivedAs, type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { problemOn } from '#test/support/wire-problem.ts'
import { respond } from './respond.ts'

type Known = Partial<Recorded & Decoded>

interface Responded {
  readonly caller: FakeCaller
  readonly defects: readonly string[]
}

async function responded(
  outcome: Outcome<McpAnswer>,
  known: Known = {},
  caller: FakeCaller = fakeCaller(),
): Promise<Responded> {
  const defects: string[] = []
  const call: Arrived & Known = { ...arrivedAs({ caller }), ...known }
  await respond({
    nowMs: () => 0,
    after: () => () => undefined,
    defect: (id, at, error) => defects.push(`${id} ${at} ${String(error)}`),
  })(outcome, call)
  return { caller, defects }
}

function known(era: Era, method = 'tools/call', id = '"x"'): Known {
  const read = messageFrom(`{"jsonrpc":"2.0","id":${id},"method":"${method}"}`)
  assert.ok(read.kind === 'ok')
  return { era, message: read.value, trail: { attempts: 0 } }
}

const answered = (answer: McpAnswer): Outcome<McpAnswer> => ({ kind: 'answered', answer, by: 'x' })

test('what asks for no answer gets 202, and an ended session 200, both empty', async () => {
  const accepted = await responded(answered({ kind: 'accepted' }), known('legacy'))
  assert.deepEqual(accepted.caller.log, ['send 202'])
  const ended = await responded(answered({ kind: 'ended' }), known('legacy'))
  assert.deepEqual(ended.caller.log, ['send 200'])
})

test('a result in pieces goes out as one answer', async () => {
  for (const length of [10, 40_000]) {
    const kept = Buffer.alloc(length, 0x20)
    const resultJson = [Buffer.from('{"a":['), kept, Buffer.from(','), kept, Buffer.from(']}')]
    const { caller } = await responded(answered({ kind: 'result', resultJson }), known('modern'))
    const list = ' '.repeat(length)
    assert.equal(caller.text(), `{"jsonrpc":"2.0","id":"x","result":{"a":[${list},${list}]}}`)
    assert.deepEqual(caller.headers, { 'content-type': 'application/json' })
    assert.equal(caller.log.length, 1)
  }
})

test('a result goes out under the caller’s id, a new session in its header', async () => {
  const { caller } = await responded(
    answered({ kind: 'result', resultJson: '{"a":1}', sessionToken: 'sealed' }),
    known('legacy', 'initialize', '0'),
  )
  assert.equal(caller.text(), '{"jsonrpc":"2.0","id":0,"result":{"a":1}}')
  assert.equal(caller.headers['mcp-session-id'], 'sealed')
  const plain = await responded(answered({ kind: 'result', resultJson: '{}' }), known('modern'))
  assert.equal(plain.caller.headers['mcp-session-id'], undefined)
})

test('a replica’s error keeps its status in the modern era and is sent over 200 in the legacy one', async () => {
  const error = answered({
    kind: 'error',
    errorJson: '{"code":-32601,"message":""}',
    rpcCode: -32_601,
    status: 404,
  })
  assert.equal((await responded(error, known('modern'))).caller.status, 404)
  const { caller } = await responded(error, known('legacy'))
  assert.equal(caller.status, 200)
  assert.equal(caller.text(), '{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":""}}')
})

test('an answer is relayed to its end', async () => {
  const body = fakeBody()
  const relay = {
    isStream: false,
    body,
    upstreamIdJson: '7',
    callerIdJson: '"x"',
    abandon: () => undefined,
    ended: () => undefined,
    deadline: fakeDeadline().deadline,
  }
  body.data('{"jsonrpc":"2.0","id":7,"result":{}}')
  body.end()
  const { caller } = await responded(answered({ kind: 'relay', relay }), known('legacy'))
  assert.deepEqual(caller.log, ['send 200 {"jsonrpc":"2.0","id":"x","result":{}}'])
})

test('a relay that breaks is told in the era of the caller, and its trail says so', async () => {
  const body = fakeBody()
  const relay = {
    isStream: false,
    body,
    upstreamIdJson: '7',
    callerIdJson: '7',
    abandon: () => undefined,
    ended: () => undefined,
    deadline: fakeDeadline().deadline,
  }
  body.broken()
  const call = known('modern')
  const { caller } = await responded(answered({ kind: 'relay', relay }), call)
  const { result, id } = problemOn({ body: caller.text() })
  assert.equal(result?.['resultType'], 'complete')
  assert.equal(id, 'x')
  assert.equal(call.trail?.broken, 'RINGMAIN_OUTCOME_UNKNOWN')
})

test('a refusal is written in the caller’s era', async () => {
  const outcome: Outcome<McpAnswer> = {
    kind: 'refused',
    refusal: { code: 'RINGMAIN_HEADER_MISMATCH' },
    by: 'decode',
  }
  const { caller } = await responded(outcome, known('modern'))
  assert.deepEqual([caller.status, problemOn({ body: caller.text() }).code], [400, -32020])
  const legacy = await responded(outcome, known('legacy'))
  assert.equal(problemOn({ body: legacy.caller.text() }).code, -32600)
})

test('what decode understood of a message it refused gives the answer its era and id', async () => {
  const outcome: Outcome<McpAnswer> = {
    kind: 'refused',
    refusal: { code: 'RINGMAIN_UNKNOWN_METHOD' },
    by: 'decode',
  }
  const read = known('legacy', 'nope', '5')
  const misread = await responded(outcome, {
    trail: { attempts: 0, misread: { era: 'legacy', message: read.message as never } },
  })
  assert.equal(misread.caller.status, 200)
  assert.equal(problemOn({ body: misread.caller.text() }).id, 5)
  const onlyId = await responded(outcome, { trail: { attempts: 0, misread: { idJson: '"é"' } } })
  assert.equal(onlyId.caller.status, 404)
  assert.equal(problemOn({ body: onlyId.caller.text() }).id, 'é')
})

test('bytes of no era are answered with a null id', async () => {
  const { caller } = await responded({
    kind: 'refused',
    refusal: { code: 'RINGMAIN_MALFORMED_JSON' },
    by: 'decode',
  })
  assert.deepEqual([caller.status, problemOn({ body: caller.text() }).id], [400, null])
})

test('a defect is answered with an id under which it is logged, and nothing of it goes out', async () => {
  const { caller, defects } = await responded(
    { kind: 'defect', error: new Error('password in here'), at: 'forward' },
    known('modern'),
  )
  const said = problemOn({ body: caller.text() })
  assert.deepEqual([caller.status, said.code], [500, -32603])
  assert.doesNotMatch(caller.text(), /password|forward|Error/)
  const [id = 'none'] = defects[0]?.split(' ') ?? []
  assert.match(defects[0] ?? '', / forward Error: password in here$/)
  assert.ok(said.text.includes(id))
})

test('a caller who has left is written nothing, and an answer that was on its way is given up', async () => {
  let abandoned = 0
  const relay = {
    isStream: true,
    body: fakeBody(),
    upstreamIdJson: '1',
    callerIdJson: '1',
    abandon: () => {
      abandoned += 1
    },
    ended: () => undefined,
    deadline: fakeDeadline().deadline,
  }
  for (const outcome of [
    answered({ kind: 'relay', relay }),
    answered({ kind: 'result', resultJson: '{}' }),
    { kind: 'refused', refusal: { code: 'RINGMAIN_UNKNOWN_TOOL' }, by: 'resolve' },
  ] as const) {
    const caller = fakeCaller()
    caller.leave()
    await responded(outcome, known('legacy'), caller)
    assert.deepEqual(caller.log, [])
  }
  assert.equal(abandoned, 1)
})

test('a defect is logged although its caller has left', async () => {
  const caller = fakeCaller()
  caller.leave()
  const outcome: Outcome<McpAnswer> = { kind: 'defect', error: new Error('x'), at: 'forward' }
  const { defects } = await responded(outcome, known('legacy'), caller)
  assert.equal(defects.length, 1)
})

test('a fault of the answer itself is logged, cuts the connection and gives up what was on its way', async () => {
  const caller = fakeCaller()
  const broken = {
    ...caller,
    isGone: false,
    send: () => assert.fail('a bug'),
    begin: () => assert.fail('a bug'),
  }
  const defects: string[] = []
  const log: string[] = []
  const relay = {
    isStream: true,
    body: fakeBody(Buffer.from('')),
    upstreamIdJson: '1',
    callerIdJson: '1',
    abandon: () => void log.push('abandon'),
    ended: () => undefined,
    deadline: fakeDeadline().deadline,
  }
  const turn = respond({
    nowMs: () => 0,
    after: () => () => undefined,
    defect: (_id, at) => void defects.push(at),
  })
  const call: Arrived & Known = { ...arrivedAs({ caller: broken }), ...known('modern') }
  await assert.rejects(async () => turn(answered({ kind: 'relay', relay }), call), /a bug/)
  assert.deepEqual(defects, ['respond'])
  assert.deepEqual(log, ['abandon'])
  assert.ok(caller.log.includes('cut'))
})
