// The catalogue holds to the rules that callers count on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RefusalCode, refusals, shapeOf } from './refusals.ts'

const codes = Object.keys(refusals) as readonly RefusalCode[]
/** Codes that JSON-RPC and MCP define and a router may send. */
const DEFINED = [-32700, -32600, -32601, -32602, -32603, -32020, -32022]

test('every number is a defined one, or lies outside the reserved range', () => {
  assert.ok(codes.length > 20)
  for (const code of codes) {
    const { jsonRpc } = shapeOf(code)
    const isReserved = jsonRpc >= -32_768 && jsonRpc <= -32_000
    assert.ok(!isReserved || DEFINED.includes(jsonRpc), `${code} ${jsonRpc}`)
  }
})

test('own numbers are given to one refusal each', () => {
  const own = codes.map(code => shapeOf(code).jsonRpc).filter(jsonRpc => !DEFINED.includes(jsonRpc))
  assert.equal(new Set(own).size, own.length)
})

test('statuses are those of refusals, names and reasons of one form, sentences whole', () => {
  for (const code of codes) {
    const { http, reason, says } = shapeOf(code)
    assert.ok(http >= 400 && http < 600, code)
    assert.match(code, /^RINGMAIN_[A-Z]+(_[A-Z]+)*$/)
    assert.match(reason, /^[a-z]+(_[a-z]+)*$/)
    assert.match(says, /^[A-Z].*\.$/)
  }
})

test('reasons are few enough to be a label', () => {
  assert.ok(new Set(codes.map(code => shapeOf(code).reason)).size <= 20)
})

test('what may have run is never to be sent again', () => {
  for (const code of codes) {
    const { executed, retry } = shapeOf(code)
    if (executed === 'unknown') assert.equal(retry, 'never', code)
  }
})
