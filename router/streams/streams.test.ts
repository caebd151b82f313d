// How many streams there may be, and how all of them end with the router.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capabilities } from '#router/capabilities.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { manualAfter } from '#test/support/manual-after.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN } from '#test/support/open-cluster.ts'
import { watchedCluster } from '#test/support/watch-ground.ts'
import { eventId } from './event-ids.ts'
import { type StreamPorts, Streams } from './streams.ts'

/** Nothing is in service, unless the test says so: what is opened hears of nothing. */
function ground(served: Partial<Pick<StreamPorts, 'cluster' | 'way' | 'owners'>> = {}) {
  const time = manualAfter()
  const open = { count: 0 }
  let { server } = callAs()
  const streams = new Streams({
    ...time,
    cluster: () => undefined,
    server: () => server,
    way: () => assert.fail('nobody is there'),
    client: { name: 'ringmain', version: '1' },
    random: () => 0.5,
    onListChanged: () => undefined,
    owners: async () => [],
    asking: () => assert.fail('nobody asks'),
    observe: { began: () => void (open.count += 1), ended: () => void (open.count -= 1) },
    ...served,
  })
  const call = (differences: Partial<CallFacts> = {}): CallFacts =>
    callAs({
      server,
      message: messageAs({ method: 'subscriptions/listen', params: { notifications: {} } }),
      ...differences,
    })
  const begin = async (caller: FakeCaller = fakeCaller()): Promise<FakeCaller> => {
    const opened = await streams.open(call({ caller }))
    assert.ok('stream' in opened)
    void opened.stream.run()
    return caller
  }
  const offer = (naming: 'plain' | 'prefix'): void => {
    server = { ...server, naming }
  }
  return { streams, call, begin, offer, open, ...time }
}

const code = (opened: Awaited<ReturnType<Streams['open']>>): string =>
  'refusal' in opened ? opened.refusal.code : 'opened'

test('a virtual server has so many, and each that ends makes room', async () => {
  const { streams, call, begin, open } = ground()
  const first = await begin()
  for (let count = 1; count < 10_000; count += 1) await begin()
  assert.equal(open.count, 10_000)
  assert.equal(code(await streams.open(call())), 'RINGMAIN_TOO_MANY_STREAMS')
  first.leave()
  await begin()
  assert.equal(open.count, 10_000)
})

test('callers may have come many ways, and not any number of them', async () => {
  const { streams, call, begin } = ground()
  const through = (way: string): CallFacts => call({ passedHeaders: [['x-ringmain-via', way]] })
  const opened = await Promise.all(
    Array.from({ length: 65 }, (_, way) => streams.open(through(`r${way},here`))),
  )
  assert.deepEqual(opened.map(code).lastIndexOf('opened'), 63)
  assert.equal(code(opened[64] ?? assert.fail()), 'RINGMAIN_TOO_MANY_STREAMS')
  assert.equal(code(await streams.open(through('r0,here'))), 'opened')
  await assert.rejects(begin(), /stream/)
})

test('a session has one of its own, and some for calls that were left', async () => {
  const { streams, call } = ground()
  const member = { cluster: 'crm', endpoint: 'a', id: 'own', version: '2025-11-25' }
  const session = { token: 't', serverName: 'default', version: '2025-11-25', members: [member] }
  const ask = (lastEventId?: string) =>
    streams.open(
      call({ era: 'legacy', session, ...(lastEventId === undefined ? {} : { lastEventId }) }),
    )
  // Its replica is gone, which is found out only for those that may be opened.
  const [one, other] = await Promise.all([ask(), ask()])
  assert.deepEqual([one, other].map(code), [
    'RINGMAIN_SESSION_UNKNOWN',
    'RINGMAIN_TOO_MANY_STREAMS',
  ])
  const position = {
    kind: 'call',
    part: 0,
    last: 'e',
    upstreamIdJson: '1',
    callerIdJson: '1',
  } as const
  const all = await Promise.all(Array.from({ length: 17 }, () => ask(eventId(position))))
  assert.equal(all.filter(opened => code(opened) === 'RINGMAIN_TOO_MANY_STREAMS').length, 1)
  assert.equal(code(await ask()), 'RINGMAIN_SESSION_UNKNOWN')
  assert.equal(streams.hasOpen('t'), false)
})

test('a caller who leaves while its stream is opened leaves nothing behind', async () => {
  const { streams, call, open, size } = ground()
  const caller = fakeCaller()
  const opening = streams.open(call({ caller }))
  caller.leave()
  const opened = await opening
  assert.ok('stream' in opened)
  assert.equal(await opened.stream.run(), 'caller_gone')
  assert.deepEqual(caller.log, [])
  assert.equal(open.count, 0)
  assert.equal(size() <= 1, true) // what is looked at now and then ends when it finds none
})

test('while the router drains all end in time, also those who come back to it, and then none is opened', async () => {
  const { streams, call, begin, pass, open } = ground()
  const before = await begin()
  streams.drain(1_000)
  const late = await begin()
  pass(499)
  assert.equal(open.count, 2)
  pass(1)
  for (const caller of [before, late]) {
    assert.match(caller.text(), /"resultType":"complete"/)
    assert.equal(caller.log.at(-1), 'end')
  }
  pass(500)
  assert.equal(code(await streams.open(call())), 'RINGMAIN_DRAINING')
})

test('one whose virtual server is another one now ends; one that is the same in other words goes on', async () => {
  const { begin, offer, pass, call } = ground()
  const caller = await begin()
  const { naming } = call().server
  offer(naming)
  pass(2_000)
  assert.notEqual(caller.log.at(-1), 'end')
  offer(naming === 'plain' ? 'prefix' : 'plain')
  pass(2_000)
  assert.equal(caller.log.at(-1), 'end')
})

test('a router that closes breaks what is left', async () => {
  const { streams, call, begin } = ground()
  const caller = await begin()
  streams.close()
  assert.equal(caller.log.at(-1), 'cut')
  assert.equal(code(await streams.open(call())), 'RINGMAIN_DRAINING')
})

test('a session that ends while its stream is opened gets none', async t => {
  const tells: Capabilities = { has: [], tells: ['tools'], hasSubscriptions: false, extensions: {} }
  const learned = { ...MODERN, capabilities: { modern: tells } }
  const { requests, ports } = watchedCluster(t, learned)
  const { streams, call, open } = ground(ports)
  const session = { token: 't', serverName: 'default', version: '2025-11-25', members: [] }
  const opening = streams.open(call({ era: 'legacy', session }))
  streams.forget('t')
  requests.last().answer({ 'content-type': 'text/event-stream' })
  await settle()
  const method = 'notifications/subscriptions/acknowledged'
  requests.last().data(`data: ${JSON.stringify({ jsonrpc: '2.0', method })}\n\n`)
  assert.equal(code(await opening), 'RINGMAIN_SESSION_UNKNOWN')
  assert.equal(open.count, 0)
  assert.equal(streams.hasOpen('t'), false)
})

test('one that cannot be opened by a fault of our own takes no place', async () => {
  const { streams, call } = ground({ owners: () => Promise.reject(new Error('planted')) })
  const notifications = { resourceSubscriptions: ['a:1'] }
  const message = messageAs({ method: 'subscriptions/listen', params: { notifications } })
  for (let way = 0; way < 64; way += 1)
    await assert.rejects(
      streams.open(call({ message, passedHeaders: [['x-ringmain-via', `r${way},here`]] })),
      /planted/,
    )
  assert.equal(code(await streams.open(call())), 'opened')
})

test('it is looked at all of them together, and at none when none is left', async () => {
  const { begin, size, pass } = ground()
  const callers = [await begin(), await begin()]
  assert.equal(size(), 2 * 2 + 1) // each has a pulse and an age
  for (const caller of callers) caller.leave()
  await settle()
  pass(2_000)
  assert.equal(size(), 0)
})

test('all who listen to a cluster share what is asked of it, until the router closes; an ended session is told of nothing', async t => {
  const tells: Capabilities = { has: [], tells: ['tools'], hasSubscriptions: true, extensions: {} }
  const { requests, ports } = watchedCluster(t, { ...MODERN, capabilities: { modern: tells } })
  const { streams, call } = ground(ports)
  const notifications = { toolsListChanged: true }
  const message = messageAs({ method: 'subscriptions/listen', params: { notifications } })
  for (let count = 0; count < 2; count += 1) void streams.open(call({ message }))
  await settle()
  assert.equal(requests.sent.length, 1)
  requests.last().answer({ 'content-type': 'text/event-stream' })
  await settle()
  streams.close()
  assert.ok(requests.last().control.calls.includes('abort'))
  await streams.resources.add('t', 'crm', 'a:1')
  streams.forget('t')
  assert.equal(streams.resources.of('t', 'crm').size, 0)
})
