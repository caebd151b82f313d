// The stream of a legacy session: what its replica says goes on, with ids by which its caller comes back, and it ends with either of them.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { callAs } from '#test/support/call-facts.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import type { SentRequest } from '#test/support/fake-send.ts'
import { manualAfter } from '#test/support/manual-after.ts'
import { settle } from '#test/support/manual-time.ts'
import { isEnded, LEGACY, STREAM, said, TOOLS, watchedCluster } from '#test/support/watch-ground.ts'
import { eventId, openEventId, type Position } from './event-ids.ts'
import { Streams } from './streams.ts'

const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'

function ground(t: TestContext, capacity?: number) {
  const { requests, ports, active } = watchedCluster(t, LEGACY)
  const time = manualAfter()
  const streams = new Streams({
    ...time,
    ...ports,
    server: () => callAs().server,
    client: { name: 'ringmain', version: '1' },
    random: () => 0,
    onListChanged: () => undefined,
    owners: async () => [],
    asking: () => ({ kind: 'named', name: own => `"asked ${own}"` }),
    observe: { began: () => undefined, ended: () => undefined },
  })
  const caller = fakeCaller(capacity)
  const [endpoint] = active.cluster('crm')?.endpoints ?? []
  assert.ok(endpoint !== undefined)
  const member = { cluster: 'crm', endpoint: endpoint.key, id: 'own', version: '2025-11-25' }
  const session = { token: 't', serverName: 'default', version: '2025-11-25', members: [member] }
  const open = (lastEventId?: string) =>
    streams.open(
      callAs({
        era: 'legacy',
        session,
        caller,
        ...(lastEventId === undefined ? {} : { lastEventId }),
      }),
    )
  /** Its replica has begun to answer. */
  const begun = async (lastEventId?: string): Promise<SentRequest> => {
    const opening = open(lastEventId)
    const request = requests.last('GET')
    request.answer(STREAM)
    await settle()
    const opened = await opening
    assert.ok('stream' in opened)
    void opened.stream.run()
    return request
  }
  return { requests, caller, endpoint, open, begun }
}

const idsIn = (caller: FakeCaller): readonly (Position | undefined)[] =>
  [...caller.text().matchAll(/^id: (.*)$/gm)].map(([, id]) => openEventId(id ?? ''))

test('what its replica says goes on, with an id that says where it stands, and its caller goes on from there', async t => {
  const { caller, begun } = ground(t)
  const request = await begun()
  assert.equal(request.header('mcp-session-id'), 'own')
  request.data(`id: 7\ndata: ${NOTE}\n\nid: 8\ndata:\n\nretry: 5\n\n`)
  const ids = [...caller.text().matchAll(/^id: (.*)$/gm)].map(([, id]) => id)
  assert.deepEqual(idsIn(caller), [
    { kind: 'session', lasts: new Map([[0, '7']]) },
    { kind: 'session', lasts: new Map([[0, '8']]) },
  ])
  const event = `id: ${ids[0]}\nevent: message\ndata: ${NOTE}\n\n`
  assert.equal(caller.text(), `${event}id: ${ids[1]}\ndata:\n\nretry: 5\n\n`)
  const later = ground(t)
  assert.equal((await later.begun(ids[1])).header('last-event-id'), '8')
})

test('an id that nobody gave out, or for another session, is refused, and nobody is asked', async t => {
  const { open, requests } = ground(t)
  const call = { kind: 'call', part: 1, last: 'e', upstreamIdJson: '1', callerIdJson: '1' } as const
  for (const id of ['x', '', eventId(call)]) {
    const opened = await open(id)
    assert.ok('refusal' in opened)
    assert.equal(opened.refusal.code, 'RINGMAIN_INVALID_HEADER')
  }
  assert.deepEqual(requests.sent, [])
})

test('it ends with its replica, or with its caller, and its place there is free', async t => {
  const one = ground(t)
  const request = await one.begun()
  assert.equal(one.endpoint.listeners, 1)
  request.end()
  assert.deepEqual([one.caller.log.at(-1), one.endpoint.listeners], ['end', 0])
  const other = ground(t)
  const left = await other.begun()
  other.caller.leave()
  assert.deepEqual([isEnded(left), other.endpoint.listeners], [true, 0])
})

test('a replica that gives no stream says so, and one that does not know the session any more', async t => {
  for (const [status, code] of [
    [405, 'RINGMAIN_METHOD_NOT_ALLOWED'],
    [404, 'RINGMAIN_SESSION_UNKNOWN'],
    [409, 'RINGMAIN_TOO_MANY_STREAMS'],
  ] as const) {
    const { open, requests, endpoint } = ground(t)
    const opening = open()
    await requests.last('GET').status(status)
    const opened = await opening
    assert.ok('refusal' in opened)
    assert.deepEqual([opened.refusal.code, endpoint.listeners], [code, 0])
  }
})

test('a slow caller holds its replica back, and lets it go on', async t => {
  const { caller, begun } = ground(t, 10)
  const request = await begun()
  request.data(`data: ${NOTE}\n\n`)
  assert.equal(request.control.calls.at(-1), 'pause')
  caller.drain()
  assert.equal(request.control.calls.at(-1), 'resume')
})

test('the rest of a call that was left ends with its answer, under the id of its caller', async t => {
  const call = {
    kind: 'call',
    part: 0,
    last: 'e1',
    upstreamIdJson: '5',
    callerIdJson: '"c"',
  } as const
  const { caller, begun } = ground(t)
  const request = await begun(eventId(call))
  assert.equal(request.header('last-event-id'), 'e1')
  request.data(
    `${TOOLS}id: e2\n${said('x').replace('"method":"x","params":{}', '"id":5,"result":{}')}`,
  )
  assert.deepEqual(idsIn(caller), [{ ...call, last: 'e2' }])
  assert.match(caller.text(), /"id":"c","result":\{\}/)
  assert.deepEqual([caller.log.at(-1), isEnded(request)], ['end', true])
})
