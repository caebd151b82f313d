// Every refusal of the catalogue as a modern caller sees it: status, a code that the era allows, and the problem as data.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RefusalCode, refusals, shapeOf } from '#foundation/refusals.ts'
import type { Message } from '#router/facts.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { problemOn } from '#test/support/wire-problem.ts'
import { modernRefusal } from './refuse.ts'

const CODES = Object.keys(refusals) as readonly RefusalCode[]
/** Codes that the specification defines for servers; every other lies outside the range it reserves. */
const DEFINED = [-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022]

const messageOf = (method: string): Message => {
  const read = messageFrom(JSON.stringify({ jsonrpc: '2.0', id: 'é', method }))
  assert.ok(read.kind === 'ok')
  return read.value
}

test('each code has its status, its place and only codes that may be emitted', () => {
  assert.ok(CODES.length > 20)
  for (const code of CODES)
    for (const method of ['tools/call', 'tools/list', 'server/discover']) {
      const shape = shapeOf(code)
      const wire = modernRefusal(messageOf(method), { code }, '"é"')
      const said = problemOn(wire)
      assert.equal(wire.status, shape.as === 'http' ? shape.http : 200, code)
      assert.equal(wire.headers['content-type'], 'application/json')
      assert.equal(said.id, 'é')
      const isResult = shape.as === 'result' && method === 'tools/call'
      assert.equal(said.result !== undefined, isResult, `${code} ${method}`)
      if (!isResult) {
        const isOwn = (said.code ?? 0) > -32_000 || (said.code ?? 0) < -32_768
        assert.ok(DEFINED.includes(said.code ?? 0) || isOwn, `${code} is sent as ${said.code}`)
      }
      assert.equal(said.problem?.['code'], code)
      assert.equal(said.problem?.['executed'], shape.executed)
      assert.equal(said.problem?.['retry'], shape.retry)
      assert.equal(said.problem?.['reason'], shape.reason)
      assert.match(String(said.problem?.['type']), /^urn:ringmain:problem:[a-z_]+$/)
      assert.ok(said.text.includes(shape.says))
    }
})

test('a failed tool call is a complete result that a model can read, and says whether it can have run', () => {
  const refused = problemOn(
    modernRefusal(messageOf('tools/call'), { code: 'RINGMAIN_NO_HEALTHY_REPLICA' }, '1'),
  )
  assert.equal(refused.result?.['resultType'], 'complete')
  assert.equal(refused.result?.['isError'], true)
  assert.match(refused.text, /^RINGMAIN_NO_HEALTHY_REPLICA: .*was not executed/)
  const unknown = problemOn(
    modernRefusal(messageOf('tools/call'), { code: 'RINGMAIN_UPSTREAM_TIMEOUT' }, '1'),
  )
  assert.match(unknown.text, /outcome_unknown/)
})

test('what may have run says so, and what was refused says that it did not', () => {
  for (const code of CODES) {
    const { executed, as, says } = shapeOf(code)
    if (executed === 'unknown') assert.match(says, /outcome_unknown/, code)
    else if (as === 'result') assert.match(says, /not executed/, code)
  }
})

test('the words of the case follow those of the catalogue, and detail stays inside', () => {
  const wire = modernRefusal(
    messageOf('tools/list'),
    { code: 'RINGMAIN_INVALID_PARAMS', says: 'The cursor is stale.', detail: '10.0.0.7:8080' },
    '1',
  )
  assert.match(
    problemOn(wire).text,
    /^The parameters do not fit the method\. The cursor is stale\.$/,
  )
  assert.doesNotMatch(wire.body.toString(), /10\.0\.0\.7/)
})

test('data that the specification defines stands beside the problem', () => {
  const wire = modernRefusal(
    messageOf('tools/list'),
    {
      code: 'RINGMAIN_UNSUPPORTED_VERSION',
      data: { supported: ['2026-07-28'], requested: '2099-01-01' },
    },
    '1',
  )
  const { data } = problemOn(wire)
  assert.deepEqual(data?.['supported'], ['2026-07-28'])
  assert.equal(data['requested'], '2099-01-01')
  assert.ok('problem' in data)
})

test('a time to wait is told in whole seconds by the header and in milliseconds by the problem', () => {
  for (const [retryAfterMs, seconds, ms] of [
    [0, '1', 0],
    [1, '1', 1],
    [1_000, '1', 1_000],
    [1_001.5, '2', 1_002],
  ] as const) {
    const wire = modernRefusal(undefined, { code: 'RINGMAIN_DRAINING', retryAfterMs }, '')
    assert.equal(wire.headers['retry-after'], seconds)
    assert.equal(problemOn(wire).problem?.['retryAfterMs'], ms)
  }
  const inBand = modernRefusal(
    messageOf('tools/call'),
    { code: 'RINGMAIN_CLUSTER_BUSY', retryAfterMs: 1_000 },
    '1',
  )
  assert.equal(inBand.headers['retry-after'], undefined)
  assert.equal(problemOn(inBand).problem?.['retryAfterMs'], 1_000)
})

test('a message that was not understood is answered with a null id', () => {
  const wire = modernRefusal(undefined, { code: 'RINGMAIN_MALFORMED_JSON' }, '')
  assert.equal(wire.status, 400)
  assert.deepEqual([problemOn(wire).id, problemOn(wire).code], [null, -32700])
})

test('what is refused with 429 or 503 and has run nothing says so in a header', () => {
  const marked = (code: RefusalCode, method?: string): string | undefined =>
    modernRefusal(method === undefined ? undefined : messageOf(method), { code }, '1').headers[
      'x-ringmain-not-executed'
    ]
  for (const code of ['RINGMAIN_DRAINING', 'RINGMAIN_ROUTER_BUSY', 'RINGMAIN_OVERLOADED'] as const)
    assert.equal(marked(code), '1')
  assert.equal(marked('RINGMAIN_OVERLOADED', 'tools/call'), '1')
  for (const code of ['RINGMAIN_MALFORMED_JSON', 'RINGMAIN_DEFECT'] as const)
    assert.equal(marked(code), undefined)
})

test('405 tells what is allowed, and no refusal says what becomes of the connection: its listener does', () => {
  assert.equal(
    modernRefusal(undefined, { code: 'RINGMAIN_METHOD_NOT_ALLOWED' }, '').headers['allow'],
    'POST, DELETE',
  )
  assert.equal(
    'connection' in modernRefusal(undefined, { code: 'RINGMAIN_DRAINING' }, '').headers,
    false,
  )
})
