// Calls without a session at servers that keep them: one after the other in the same one where the document allows it, and never two at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeBody } from '#test/support/fake-body.ts'
import {
  answered,
  callWith as call,
  type Exchanged,
  lentGround as ground,
  openAs,
  targetIn,
  WHOLE,
} from '#test/support/lent-ground.ts'
import { settle } from '#test/support/manual-time.ts'

test('calls one after the other go on in one session, under ids that no two share', async t => {
  const { send, count, requests } = ground(t)
  for (let turn = 0; turn < 5; turn += 1) await answered(await send('a'))
  const calls = requests.sent.filter(({ method }) => method === 'tools/call')
  assert.deepEqual(new Set(calls.map(one => one.header('mcp-session-id'))), new Set(['a']))
  assert.equal(new Set(calls.map(({ message }) => message['id'])).size, 5)
  assert.deepEqual(
    [count('initialize'), count('notifications/initialized'), count('DELETE')],
    [1, 1, 0],
  )
})

test('where the document does not allow it each call has a session of its own, which ends with it', async t => {
  const { send, count } = ground(t, false)
  for (let turn = 0; turn < 5; turn += 1) await answered(await send(`s${turn}`))
  assert.deepEqual([count('initialize'), count('DELETE')], [5, 5])
})

test('a session that carries a call is given to no other until that is over', async t => {
  const { send, requests } = ground(t)
  const first = await send('a')
  const second = await send('b')
  assert.deepEqual(
    [first, second].map(({ request }) => request.header('mcp-session-id')),
    ['a', 'b'],
  )
  await first.request.result({}) // nobody has said yet that it was read whole
  assert.equal(requests.last('tools/call'), second.request)
  first.dispatched.ended(WHOLE)
  await settle()
  assert.equal((await send('c')).request.header('mcp-session-id'), 'a')
})

test('callers who can be asked other things are not given the same session', async t => {
  const { send, count } = ground(t)
  await answered(await send('a'))
  const meta = ',"_meta":{"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}'
  const asked = await send('b', call({}, meta))
  assert.equal(asked.request.header('mcp-session-id'), 'b')
  assert.equal(count('initialize'), 2)
})

const UNCLEAR: Readonly<Record<string, (exchanged: Exchanged) => Promise<void> | void>> = {
  'breaks off': ({ request }) => request.fail('ECONNRESET'),
  'is cancelled': async ({ dispatched }) => {
    dispatched.abandon()
    dispatched.ended({ ended: 'left' })
  },
  'is cancelled while its answer is read': ({ request, dispatched }) => {
    request.answer()
    dispatched.abandon()
    dispatched.ended(WHOLE)
  },
  'is late': ({ request }) => request.fail('FIRST_BYTE_TIMEOUT'),
  'has more time than it is given': ({ dispatched }) => dispatched.expire(),
  'is answered by HTTP 500': async ({ request, dispatched }) => {
    await request.status(500)
    dispatched.ended({})
  },
  'is answered by HTTP 400': async ({ request, dispatched }) => {
    await request.error(400, -32_000)
    dispatched.ended({ rpcCode: -32_000 })
  },
  'is answered by an internal error': exchanged =>
    answered(exchanged, { ended: 'whole', rpcCode: -32_603 }),
  'is answered by what is no answer': exchanged => answered(exchanged, { ended: 'unreadable' }),
  'is answered, and cut short': exchanged => answered(exchanged, { ended: 'cut' }),
  'is answered, and its caller did not wait': exchanged => answered(exchanged, { ended: 'left' }),
}

for (const [what, happens] of Object.entries(UNCLEAR))
  test(`a session whose call ${what} is ended, and used by nobody again`, async t => {
    const { send, requests, count, pool } = ground(t)
    const exchanged = await send('a')
    exchanged.request.start()
    await happens(exchanged)
    await settle()
    for (const one of requests.sent.filter(({ method }) => method === 'notifications/cancelled'))
      await one.status(202)
    await settle()
    assert.deepEqual([count('DELETE'), pool.idle().size], [1, 0])
    assert.equal((await send('b')).request.header('mcp-session-id'), 'b')
  })

for (const lastEventId of ['e1', undefined])
  test(`a session in which a call waits is given to nobody, with ${lastEventId ?? 'no'} event`, async t => {
    const { send, count, pool } = ground(t)
    const rounds = { seal: () => '', park: () => 'state', waitsMs: () => 0 }
    const { dispatched, request } = await send('a', call({ rounds }))
    request.answer({ 'content-type': 'text/event-stream' })
    const question = { key: 'q1', method: 'roots/list', idJson: '0' }
    const numbered = lastEventId === undefined ? {} : { lastEventId }
    const parked = dispatched.park?.({ questions: [question], ...numbered, hold: fakeBody })
    assert.deepEqual(parked, { state: 'state' })
    await settle()
    assert.deepEqual([count('DELETE'), pool.idle().size], [0, 0])
    request.end()
    await settle()
    assert.deepEqual([count('DELETE'), pool.idle().size], [lastEventId === undefined ? 1 : 0, 0])
  })

test('an error that a tool answers with leaves the session as good as before', async t => {
  const { send, count } = ground(t)
  await answered(await send('a'), { ended: 'whole', rpcCode: -32_602 })
  await answered(await send('b'))
  assert.deepEqual([count('initialize'), count('DELETE')], [1, 0])
})

test('a call that is not sent after all gives back what it was given', async t => {
  const { choose, requests, send, count } = ground(t)
  const choosing = choose()
  await settle()
  await openAs(requests, 'a')
  targetIn(await choosing).forgo()
  assert.equal((await send('b')).request.header('mcp-session-id'), 'a')
  assert.equal(count('DELETE'), 0)
})
