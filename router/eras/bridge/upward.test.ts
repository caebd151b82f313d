// A request for a replica of the other era: what changes in its bytes, and that nothing else does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '#test/support/read-message.ts'
import { splice } from '../json-spans.ts'
import { withEnvelope, withoutEnvelope } from './upward.ts'

const WHO = { clientInfo: { name: 'a', version: '1' }, clientCapabilities: {} }
const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
  '"io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"},' +
  '"io.modelcontextprotocol/clientCapabilities":{}'
const OWN = '"progressToken":1e0,"com.example/n":12345678901234567890'

const call = (params: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call"${params}}`
const enveloped = (text: string): string => {
  const message = messageOf(text)
  return splice(message.body, withEnvelope(message, WHO)).toString()
}
const bare = (text: string): string => {
  const message = messageOf(text)
  return splice(message.body, withoutEnvelope(message)).toString()
}

test('a modern replica is told with the request what a legacy caller says once', () => {
  assert.equal(enveloped(call('')), call(`,"params":{"_meta":{${ENVELOPE}}}`))
  assert.equal(enveloped(call(',"params":{}')), call(`,"params":{"_meta":{${ENVELOPE}}}`))
  assert.equal(
    enveloped(call(', "params" : { "name": "a" } ')),
    call(`, "params" : { "name": "a" ,"_meta":{${ENVELOPE}}} `),
  )
  assert.equal(
    enveloped(call(`,"params":{"_meta":{${OWN}},"name":"a"}`)),
    call(`,"params":{"_meta":{${ENVELOPE},${OWN}},"name":"a"}`),
  )
})

test('a caller that has said once how much it wants to hear says it with every request', () => {
  const message = messageOf(call(',"params":{"_meta":{"io.modelcontextprotocol/logLevel":"x"}}'))
  const told = splice(message.body, withEnvelope(message, { ...WHO, logLevel: 'info' })).toString()
  const level = '"io.modelcontextprotocol/logLevel":"info"'
  assert.equal(told, call(`,"params":{"_meta":{${ENVELOPE},${level}}}`))
})

test('a legacy replica is not told what is said in a session there, and all else as it was written', () => {
  const level = '"io.modelcontextprotocol/logLevel":"debug"'
  const params = `,"params":{"n":1.50,"_meta":{${ENVELOPE},${OWN},${level}},"name":"a"}`
  assert.equal(bare(call(params)), call(`,"params":{"n":1.50,"_meta":{${OWN}},"name":"a"}`))
  for (const same of ['', ',"params":{"name":"a"}']) assert.equal(bare(call(same)), call(same))
})

test('a caller cannot bring metadata of its own under a modern name', () => {
  const forged = ',"params":{"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"other"}}}'
  assert.equal(enveloped(call(forged)), call(`,"params":{"_meta":{${ENVELOPE}}}`))
})
