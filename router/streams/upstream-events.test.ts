// One event stream of a replica: told once how it ended, read once, and let go when it is no stream that may be read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { readEvents } from './upstream-events.ts'

const STREAM = { 'content-type': 'text/event-stream' }

function scene() {
  const requests = fakeSend()
  const heard: string[] = []
  const times = { firstByteMs: 0, idleMs: 0 }
  const outgoing = { method: 'GET', path: '/', headers: [], body: undefined, ...times } as const
  const stream = readEvents(requests.say(new Endpoint(instanceAt(1)), outgoing), {
    mostBytes: 100,
    onOpen: () => void heard.push('open'),
    onEvent: ({ data }) => heard.push(String(data)) > 0,
    onOver: end => void heard.push(end.kind),
  })
  const request = requests.last()
  const isLetGo = (): boolean => request.control.calls.includes('abort')
  return { stream, heard, request, isLetGo }
}

test('nothing is read before it is started, and then once', async () => {
  const { stream, heard, request } = scene()
  request.answer(STREAM)
  await settle()
  request.data('data: early\n\n')
  assert.deepEqual(heard, ['open'])
  stream.start()
  stream.start()
  assert.deepEqual(heard, ['open', 'early'])
  request.end()
  assert.deepEqual(heard, ['open', 'early', 'ended'])
})

test('an event that is too long is the end of it, told once, and the replica is let go', async () => {
  const { stream, heard, request, isLetGo } = scene()
  stream.start()
  request.answer(STREAM)
  await settle()
  request.data(`data: ${'x'.repeat(101)}\n\ndata: late\n\n`)
  request.data('data: later\n\n')
  request.fail('ECONNRESET')
  assert.deepEqual([heard, isLetGo()], [['open', 'lost'], true])
})

test('what is no stream is let go, and what was never answered is lost', async () => {
  for (const [headers, status] of [
    [{ 'content-type': 'application/json' }, 200],
    [{ ...STREAM, 'content-encoding': 'gzip' }, 200],
    [STREAM, 405],
  ] as const) {
    const { heard, request, isLetGo } = scene()
    request.answer(headers, status)
    await settle()
    assert.deepEqual([heard, isLetGo()], [['refused'], true])
  }
  const { heard, request } = scene()
  request.start()
  request.fail('ECONNRESET')
  await settle()
  assert.deepEqual(heard, ['lost'])
})

test('who ends it hears nothing more, whatever comes', async () => {
  const { stream, heard, request, isLetGo } = scene()
  stream.start()
  request.answer(STREAM)
  await settle()
  stream.end()
  request.data('data: late\n\n')
  request.end()
  assert.deepEqual([heard, isLetGo()], [['open'], true])
})
