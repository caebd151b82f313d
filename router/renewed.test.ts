// A session that is used again, and that its server has forgotten: its call goes there once more in a new one, and at no other answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, lentGround as ground, openAs } from '#test/support/lent-ground.ts'
import { settle } from '#test/support/manual-time.ts'

test('a session that the server has forgotten is opened anew, and its call sent there once more', async t => {
  const { send, requests, count, pool, replicas } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  assert.equal(request.header('mcp-session-id'), 'a')
  await request.status(404)
  await settle()
  await openAs(requests, 'b')
  const again = requests.last('tools/call')
  assert.notEqual(again, request)
  assert.deepEqual(
    [again.header('mcp-session-id'), again.message['id'], again.header('x-ringmain-attempt')],
    ['b', request.message['id'], '2'],
  )
  assert.equal(String(again.message['id']), dispatched.upstreamIdJson)
  const answering = answered({ dispatched, request: again })
  assert.equal((await dispatched.attempt).kind, 'answered')
  await answering
  assert.equal(count('tools/call'), 3)
  assert.deepEqual(pool.lent.get('crm'), { opened: 1, reused: 1, renewed: 1 })
  assert.deepEqual([...pool.idle()], [['crm', 1]])
  assert.equal(replicas[0]?.inFlight, 0)
})

test('a second 404 is told, and nothing is sent a third time', async t => {
  const { send, requests, count } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  await request.status(404)
  await settle()
  await openAs(requests, 'b')
  await requests.last('tools/call').status(404)
  const told = await dispatched.attempt
  assert.ok(told.kind === 'answered' && told.status === 404)
  await settle()
  assert.deepEqual([count('tools/call'), count('initialize')], [3, 2])
})

test('a 404 in a session that was opened for the call is told as it is', async t => {
  const { send, count } = ground(t)
  const { dispatched, request } = await send('a')
  await request.status(404)
  const told = await dispatched.attempt
  assert.ok(told.kind === 'answered' && told.status === 404)
  await settle()
  assert.deepEqual([count('tools/call'), count('initialize'), count('DELETE')], [1, 1, 1])
})

test('anything but a 404 is never sent again, whatever session it was in', async t => {
  for (const status of [400, 401, 403, 405, 409, 410, 500, 502, 503]) {
    const { send, count } = ground(t)
    await answered(await send('a'))
    const { dispatched, request } = await send('-')
    await request.status(status)
    const told = await dispatched.attempt
    assert.ok(told.kind === 'answered' && told.status === status)
    await settle()
    assert.deepEqual([count('tools/call'), count('initialize')], [2, 1], String(status))
    t.mock.timers.reset()
  }
})

test('where no new one is opened the call was not sent, and may go to another replica', async t => {
  const { send, requests, count, replicas } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  await request.status(404)
  await settle()
  await requests.last('initialize').status(500)
  assert.equal((await dispatched.attempt).kind, 'not_sent')
  assert.equal(count('tools/call'), 2)
  assert.equal(replicas[0]?.inFlight, 0)
})

test('a caller who leaves while a new one is opened ends that, and its call is not sent', async t => {
  for (const how of ['abandon', 'expire'] as const) {
    const { send, requests, count, replicas } = ground(t)
    await answered(await send('a'))
    const { dispatched, request } = await send('-')
    await request.status(404)
    await settle()
    dispatched[how]()
    const told = await dispatched.attempt
    assert.equal(told.kind, how === 'abandon' ? 'abandoned' : 'not_sent')
    await openAs(requests, 'late')
    await settle()
    assert.deepEqual([count('tools/call'), replicas[0]?.inFlight], [2, 0])
    const ended = requests.sent.filter(({ method }) => method === 'DELETE')
    assert.ok(ended.some(one => one.header('mcp-session-id') === 'late'))
    t.mock.timers.reset()
  }
})
