// Every refusal of the catalogue as a legacy caller sees it: none of the codes that came later, and no result type.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RefusalCode, refusals, shapeOf } from '#foundation/refusals.ts'
import type { Message } from '#router/facts.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { problemOn } from '#test/support/wire-problem.ts'
import { legacyRefusal } from './refuse.ts'

const CODES = Object.keys(refusals) as readonly RefusalCode[]
const DEFINED = [-32700, -32600, -32601, -32602, -32603]

const messageOf = (method: string): Message => {
  const read = messageFrom(JSON.stringify({ jsonrpc: '2.0', id: 0, method }))
  assert.ok(read.kind === 'ok')
  return read.value
}

test('each code has its status, its place and only codes that a legacy client may see', () => {
  assert.ok(CODES.length > 20)
  for (const code of CODES)
    for (const method of ['tools/call', 'tools/list', 'initialize']) {
      const shape = shapeOf(code)
      const wire = legacyRefusal(messageOf(method), { code }, '0')
      const said = problemOn(wire)
      const isHttp = shape.as === 'http' && code !== 'RINGMAIN_UNKNOWN_METHOD'
      assert.equal(wire.status, isHttp ? shape.http : 200, code)
      assert.equal(said.id, 0)
      const isResult = shape.as === 'result' && method === 'tools/call'
      assert.equal(said.result !== undefined, isResult, `${code} ${method}`)
      if (!isResult) {
        const isOwn = (said.code ?? 0) > -32_000 || (said.code ?? 0) < -32_768
        assert.ok(DEFINED.includes(said.code ?? 0) || isOwn, `${code} is sent as ${said.code}`)
      }
      assert.equal(said.problem?.['code'], code)
      assert.equal(said.problem?.['executed'], shape.executed)
    }
})

test('codes that only the modern era defines become invalid request', () => {
  for (const code of ['RINGMAIN_HEADER_MISMATCH', 'RINGMAIN_UNSUPPORTED_VERSION'] as const) {
    const wire = legacyRefusal(messageOf('tools/list'), { code }, '0')
    assert.equal(problemOn(wire).code, -32600)
    assert.equal(wire.status, 400)
  }
})

test('an unknown method is an error over 200', () => {
  const wire = legacyRefusal(messageOf('nope'), { code: 'RINGMAIN_UNKNOWN_METHOD' }, '0')
  assert.deepEqual([wire.status, problemOn(wire).code], [200, -32601])
})

test('a session that is not known is 404, so that the client initializes again', () => {
  const wire = legacyRefusal(messageOf('tools/call'), { code: 'RINGMAIN_SESSION_UNKNOWN' }, '0')
  assert.equal(wire.status, 404)
})

test('a failed tool call is a result without a result type', () => {
  const { result } = problemOn(
    legacyRefusal(messageOf('tools/call'), { code: 'RINGMAIN_CLUSTER_BUSY' }, '0'),
  )
  assert.equal(result?.['isError'], true)
  assert.ok(!('resultType' in result))
})
