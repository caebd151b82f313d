// What a replica of the other era says, as its caller hears it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedAs } from '#test/support/carried-call.ts'
import { carryTo } from './downward.ts'

const answer = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`
const error = (code: number): string =>
  `{"jsonrpc":"2.0","id":1,"error":{"message":"no","code":${code},"data":{"n":12345678901234567890}}}`
const notification = (method: string): string => `{"jsonrpc":"2.0","method":"${method}"}`

const told = (carry: ReturnType<typeof carryTo>, json: string): string => {
  const carried = carry(Buffer.from(json))
  if (carried.kind === 'on') return carried.json.toString()
  return carried.kind === 'refuse' ? carried.refusal.code : carried.kind
}
const toModern = (json: string, method = 'tools/call', isLogged = false): string =>
  told(carryTo('modern', carriedAs({ method, isLogged })), json)
const toLegacy = (json: string): string => told(carryTo('legacy', carriedAs()), json)

test('a legacy result gets what a modern one must have, once, and keeps every byte of its own', () => {
  const own = '"content":[], "n":12345678901234567890,"x":1.0'
  assert.equal(toModern(answer(`{${own}}`)), answer(`{"resultType":"complete",${own}}`))
  assert.equal(toModern(answer('{}')), answer('{"resultType":"complete"}'))
  assert.equal(toModern(answer('{ }')), answer('{"resultType":"complete" }'))
  const whole = answer('{"resultType":"complete","content":[]}')
  assert.equal(toModern(whole), whole)
  assert.equal(
    toModern(answer('{"contents":[]}'), 'resources/read'),
    answer('{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}'),
  )
})

test('what a legacy server calls by a name that the modern era gave a meaning means nothing there', () => {
  const asks = '{"k":{"method":"roots/list"}}'
  for (const own of [
    '"input_required"',
    '"task"',
    '5',
    '{"a":[1]}',
    '"complete","resultType":"task"',
  ])
    for (const end of ['', `,"inputRequests":${asks},"requestState":"s"`])
      assert.deepEqual(
        JSON.parse(toModern(answer(`{"resultType":${own}${end}}`))).result.resultType,
        'complete',
        own,
      )
  assert.equal(
    toModern(answer('{"contents":[],"ttlMs":-5,"cacheScope":"public"}'), 'resources/read'),
    answer('{"resultType":"complete","contents":[],"ttlMs":0,"cacheScope":"private"}'),
  )
  const own = answer('{"resultType":"complete","ttlMs":5,"cacheScope":"public"}')
  assert.equal(toModern(own), own) // only what may be kept says how long
})

test('a modern result loses what a legacy one does not have, and no field besides', () => {
  const own = '"content":[],"n":12345678901234567890,"x":1.0'
  const modern = `{"resultType":"complete",${own},"ttlMs":5,"cacheScope":"public"}`
  assert.equal(toLegacy(answer(modern)), answer(`{${own}}`))
  assert.equal(toLegacy(answer('{"content":[]}')), answer('{"content":[]}'))
})

test('structured content that is no object is put into one for a legacy caller', () => {
  for (const value of ['[1,2]', '"x"', '1.50', 'null', 'true'])
    assert.equal(
      toLegacy(answer(`{"resultType":"complete","structuredContent":${value}}`)),
      answer(`{"structuredContent":{"result":${value}}}`),
    )
  const same = answer('{"structuredContent":{"a":[1]}}')
  assert.equal(toLegacy(same), same)
})

test('codes that the caller’s era does not have are told as ones that it has; data stays', () => {
  const modern: ReadonlyArray<readonly [number, number]> = [
    [-32002, -32602],
    [-32042, -32603],
    [-32602, -32602],
    [-32000, -32000],
    [7, 7],
  ]
  for (const [from, to] of modern) assert.equal(toModern(error(from)), error(to), String(from))
  const legacy: ReadonlyArray<readonly [number, number]> = [
    [-32020, -32603],
    [-32021, -32600],
    [-32022, -32603],
    [-32601, -32601],
    [42, 42],
  ]
  for (const [from, to] of legacy) assert.equal(toLegacy(error(from)), error(to), String(from))
})

test('a modern caller hears of progress, of log messages that it asked for, and of nothing else', () => {
  const progress = notification('notifications/progress')
  const log = notification('notifications/message')
  assert.equal(toModern(progress), progress)
  assert.equal(toModern(log), 'off')
  assert.equal(toModern(log, 'tools/call', true), log)
  assert.equal(toModern(notification('notifications/tools/list_changed')), 'off')
})

test('a legacy caller hears what a modern server says beside its answer', () => {
  const progress = notification('notifications/progress')
  assert.equal(toLegacy(progress), progress)
})

test('what the other era cannot say is refused in words, and told as what may have run', () => {
  const asks = '{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{}}'
  assert.equal(toModern(asks), 'RINGMAIN_QUESTION_UNANSWERED')
  assert.equal(toLegacy(asks), 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
  assert.equal(toLegacy(answer('{"resultType":"task","taskId":"1"}')), 'RINGMAIN_OUTCOME_UNKNOWN')
  for (const none of ['[]', '"x"', 'null']) {
    assert.equal(toModern(answer(none)), 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
    assert.equal(toLegacy(answer(none)), 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
  }
})
