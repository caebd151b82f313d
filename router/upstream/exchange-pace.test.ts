// What a replica may do to the time of others: an answer that never pauses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { fakeControl, notingSink, playedExchange } from '#test/support/played-exchange.ts'
import type { ResponseHandler } from './http1/connection.ts'
import type { Request } from './http1/request.ts'
import { sendUncounted } from './send.ts'
import { Turns } from './turns.ts'

test('an answer that comes as fast as it can lets the loop turn', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  for (const { piece, pieces } of [
    { piece: 40_000, pieces: 2 },
    { piece: 1, pieces: 64 },
  ]) {
    const { exchange, control, answer, data } = playedExchange()
    answer()
    exchange.pipe(notingSink())
    control.calls.length = 0
    for (let time = 1; time < pieces; time += 1) data('x'.repeat(piece))
    assert.deepEqual(control.calls, [], `${piece}`)
    data('x'.repeat(piece))
    assert.deepEqual(control.calls, ['pause'])
    exchange.resume() // a caller who has read all does not end the breather
    assert.deepEqual(control.calls, ['pause'])
    t.mock.timers.tick(0)
    assert.deepEqual(control.calls, ['pause', 'resume'])
  }
})

test('the loop has turned, but the reader has not: the answer waits for both', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  const { exchange, control, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink(() => false))
  control.calls.length = 0
  data('x'.repeat(200_000))
  t.mock.timers.tick(0)
  assert.doesNotMatch(control.calls.join(), /resume/)
  exchange.resume()
  assert.equal(control.calls.at(-1), 'resume')
})

test('who was told to rest rests until its reader goes on, whatever turns the loop makes', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  const { exchange, control, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink())
  data('x'.repeat(100_000))
  control.calls.length = 0
  exchange.rest()
  t.mock.timers.tick(0)
  assert.deepEqual(control.calls, ['rest', 'resume'])
  exchange.resume()
  assert.deepEqual(control.calls, ['rest', 'resume', 'wake', 'resume'])
  exchange.resume()
  assert.deepEqual(control.calls.slice(4), ['resume'])
})

test('of many long answers a few go on in one turn of the loop', async () => {
  const turns = new Turns()
  const played = Array.from({ length: 6 }, () => playedExchange(undefined, undefined, turns))
  for (const { exchange, control, answer, data } of played) {
    answer()
    exchange.pipe(notingSink())
    control.calls.length = 0
    data('x'.repeat(100_000))
  }
  const gone = (): number => played.filter(({ control }) => control.calls.includes('resume')).length
  assert.equal(gone(), 0)
  await nextTurn()
  assert.equal(gone(), 2)
  await nextTurn()
  assert.equal(gone(), 4)
})

test('what is no call takes its turn with calls', async () => {
  const handlers: ResponseHandler[] = []
  const dispatch = (_request: Request, handler: ResponseHandler): void =>
    void handlers.push(handler)
  const turns = new Turns()
  const connections = { of: () => ({ dispatch }), release: () => undefined, turns }
  const outgoing = { method: 'GET', path: '/', headers: [], body: undefined } as const
  const times = { firstByteMs: 0, idleMs: 0 }
  const clock = { nowMs: () => 0, wallMs: () => 0 }
  const endpoint = new Endpoint(instanceAt(1))
  const controls = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { attempt } = sendUncounted(connections, endpoint, { ...outgoing, ...times }, clock)
      const control = fakeControl()
      handlers.at(-1)?.onStart(control)
      handlers.at(-1)?.onHead({ status: 200, fields: [] })
      const head = await attempt
      if (head.kind === 'answered') head.body.pipe(notingSink())
      control.calls.length = 0
      return control
    }),
  )
  for (const handler of handlers) handler.onData(Buffer.alloc(100_000))
  const gone = (): number => controls.filter(({ calls }) => calls.includes('resume')).length
  assert.equal(gone(), 0)
  await nextTurn()
  assert.equal(gone(), 2)
})
