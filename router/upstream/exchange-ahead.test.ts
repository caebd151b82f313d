// Whether an answer breaks off before anybody reads it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { notingSink, playedExchange } from '#test/support/played-exchange.ts'

function begun() {
  const played = playedExchange()
  const { exchange, answer } = played
  answer()
  const said: boolean[] = []
  const ask = (): void => void exchange.breaksEarly().then(is => said.push(is))
  return { ...played, said, ask }
}

test('one that is whole does not, asked before its end or after', async () => {
  const { exchange, data, end, said, ask } = begun()
  ask()
  data('{}')
  await settle()
  assert.deepEqual(said, [])
  end()
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
  const { data, fail, said, ask } = begun()
  ask()
  data(Buffer.alloc(65_537))
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
