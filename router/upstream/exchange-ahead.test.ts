// Whether an answer breaks off before anybody reads it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notingSink, playedExchange } from '#test/support/fake-controller.ts'
import { settle } from '#test/support/manual-time.ts'

function begun() {
  const played = playedExchange()
  const { exchange, controller } = played
  exchange.onRequestStart(controller)
  exchange.onResponseStart(controller, 200, { 'content-type': 'application/json' })
  const said: boolean[] = []
  const ask = (): void => void exchange.breaksEarly().then(is => said.push(is))
  return { ...played, said, ask }
}

test('one that is whole does not, asked before its end or after', async () => {
  const { exchange, controller, said, ask } = begun()
  ask()
  exchange.onResponseData(controller, Buffer.from('{}'))
  await settle()
  assert.deepEqual(said, [])
  exchange.onResponseEnd()
  ask()
  await settle()
  assert.deepEqual(said, [false, false])
  const reader = notingSink()
  exchange.pipe(reader)
  assert.deepEqual(reader.seen, ['{}', '<end>'])
})

test('one whose connection is lost does, asked before or after', async () => {
  const { fail, said, ask } = begun()
  ask()
  fail('ECONNRESET')
  ask()
  await settle()
  assert.deepEqual(said, [true, true])
})

test('one that is more than is kept is left to its reader', async () => {
  const { exchange, controller, fail, said, ask } = begun()
  ask()
  exchange.onResponseData(controller, Buffer.alloc(65_537))
  await settle()
  assert.deepEqual(said, [false])
  fail('ECONNRESET')
})

test('one that this side has ended does not: nobody waits for it', async () => {
  for (const end of ['abort', 'expire'] as const) {
    const { exchange, said, ask } = begun()
    ask()
    if (end === 'abort') exchange.abort()
    else exchange.expire(false)
    await settle()
    assert.deepEqual(said, [false], end)
  }
})
