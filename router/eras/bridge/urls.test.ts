// A legacy server's word that URLs must be opened first, as questions to a modern caller.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedAs } from '#test/support/carried-call.ts'
import { messageOf } from '#test/support/read-message.ts'
import { type CarriedCall, carryTo } from './downward.ts'
import { hasDeclined } from './urls.ts'

const ASKABLE = { mayOpenUrls: true, capabilities: { elicitation: { url: {} } } }
const PAGE = '"mode":"url","url":"https://a/?n=12345678901234567890","message":"\\u00e9"'

function told(elicitations: string, call: Partial<CarriedCall> = ASKABLE, code = -32_042): string {
  const error = `{"code":${code},"message":"no","data":{"more":1,"elicitations":${elicitations}}}`
  const carried = carryTo(
    'modern',
    carriedAs(call),
  )(Buffer.from(`{"jsonrpc":"2.0","id":7,"error":${error}}`))
  assert.ok(carried.kind === 'on')
  return carried.json.toString()
}

test('each page is a question of its own, as it was written but for the id that the modern era does not know', () => {
  assert.equal(
    told(`[{"elicitationId":"e",${PAGE}}, {${PAGE},"x":[1.50]}]`),
    '{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","inputRequests":{' +
      `"u1":{"method":"elicitation/create","params":{${PAGE}}},` +
      `"u2":{"method":"elicitation/create","params":{${PAGE},"x":[1.50]}}}}}`,
  )
})

test('what asks in no known form, or of one who cannot be asked, stays the error that it is', () => {
  const many = `[${Array(33).fill(`{${PAGE}}`).join()}]`
  const named = ['["elicitationId"]', '[["elicitationId"]]', '[{"mode":"url"},"elicitationId"]']
  const odds = ['[]', '{}', '7', '[7]', '[null]', '[{"url":"u"}]', '[{"mode":"url"}]', many]
  for (const odd of [...odds, ...named])
    assert.match(told(odd), /"error":\{"code":-32603,"message":"no","data":\{"more":1,/, odd)
  const one = `[{${PAGE}}]`
  assert.match(told(one), /input_required/)
  assert.match(told(one, { ...ASKABLE, mayOpenUrls: false }), /"code":-32603/)
  assert.match(told(one, { ...ASKABLE, capabilities: { elicitation: {} } }), /"code":-32603/)
  assert.match(told(one, ASKABLE, -32_000), /"code":-32000/)
})

test('an answer other than yes is a no', () => {
  const declined = (answers: string): boolean =>
    hasDeclined(
      messageOf(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"inputResponses":${answers}}}`,
      ),
    )
  assert.equal(declined('{"u1":{"action":"accept"},"u2":{"action":"accept"}}'), false)
  assert.equal(declined('{}'), false)
  assert.equal(declined('{"u1":{"action":"accept"},"u2":{"action":"cancel"}}'), true)
  for (const odd of ['{"u1":null}', '{"u1":7}', '{"u1":{}}']) assert.equal(declined(odd), true, odd)
  assert.equal(declined('7'), false)
  const first = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}'
  assert.equal(hasDeclined(messageOf(first)), false)
})
