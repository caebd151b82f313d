// One subscription for all who listen: opened with the first, opened anew when it is lost, and never a change that nobody is told of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Told } from '#router/capabilities.ts'
import type { Learned } from '#router/clusters/endpoint.ts'
import type { SentRequest } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN } from '#test/support/open-cluster.ts'
import { watchGround } from '#test/support/watch-ground.ts'
import type { Watcher } from './cluster-watch.ts'

const STREAM = { 'content-type': 'text/event-stream' }
const LEGACY: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
const said = (method: string, params: object = {}): string =>
  `data: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`
const ACK = said('notifications/subscriptions/acknowledged')
const TOOLS = said('notifications/tools/list_changed')

interface Hearing extends Watcher {
  readonly heard: string[]
  /** As it was said. */
  readonly words: Buffer[]
}

function hearing(uris: readonly string[] = [], isPromised = true): Hearing {
  const heard: string[] = []
  const words: Buffer[] = []
  const hear = (what: string, json: Buffer): void => {
    heard.push(what)
    words.push(json)
  }
  return {
    heard,
    words,
    uris: new Set(uris),
    isPromised: () => isPromised,
    onList: hear,
    onResource: hear,
  }
}

const filterOf = ({ message }: SentRequest): unknown =>
  (message['params'] as { readonly notifications: unknown }).notifications

const isEnded = ({ control }: SentRequest): boolean => control.calls.includes('abort')

const answered = async (request: SentRequest, text = ACK): Promise<void> => {
  request.answer(STREAM)
  await settle()
  request.data(text)
}

test('many who listen are one subscription, and each is told', async t => {
  const { watch, requests, stale } = watchGround(t)
  const [one, other] = [hearing([], false), hearing([], false)]
  const ready = Promise.all([watch.add(one), watch.add(other)])
  assert.equal(requests.sent.length, 1)
  await answered(requests.last())
  await ready
  assert.equal(requests.last().header('x-ringmain-via'), 'r1')
  requests.last().data(TOOLS)
  assert.deepEqual([one.heard, other.heard], [['tools'], ['tools']])
  assert.deepEqual(stale, ['tools', 'prompts', 'resources', 'tools']) // what was kept before anybody told, too
  assert.deepEqual(filterOf(requests.last()), {
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
  })
})

test('another resource is asked for by a subscription that takes the place of the one before', async t => {
  const { watch, requests } = watchGround(t)
  const one = hearing(['a:1'], false)
  const first = watch.add(one)
  await answered(requests.last())
  await first
  const before = requests.last()
  const other = hearing(['a:2'], false)
  const second = watch.add(other)
  assert.equal(requests.sent.length, 2)
  before.data(said('notifications/resources/updated', { uri: 'a:1/part' }))
  assert.equal(isEnded(before), false)
  await answered(requests.last())
  await second
  assert.equal(isEnded(before), true)
  assert.deepEqual(
    (filterOf(requests.last()) as { resourceSubscriptions: unknown }).resourceSubscriptions,
    ['a:1', 'a:2'],
  )
  requests.last().data(said('notifications/resources/updated', { uri: 'a:2' }))
  requests.last().data(said('notifications/resources/updated', { uri: 'a:20' }))
  assert.deepEqual([one.heard, other.heard], [['a:1/part'], ['a:2']])
})

test('one that is lost is opened anew, later each time, and what may have been missed is told', async t => {
  const { watch, requests, pass, stale } = watchGround(t)
  const one = hearing(['a:1'])
  void watch.add(one)
  await answered(requests.last())
  one.heard.length = stale.length = 0
  requests.last().end()
  await settle()
  pass(249)
  assert.equal(requests.sent.length, 1)
  pass(1)
  assert.equal(requests.sent.length, 2)
  requests.last().fail('ECONNRESET')
  await settle()
  pass(499)
  assert.equal(requests.sent.length, 2)
  pass(1)
  assert.equal(requests.sent.length, 3)
  await answered(requests.last())
  assert.deepEqual(one.heard, ['tools', 'prompts', 'resources', 'a:1'])
  assert.deepEqual(stale, ['tools', 'prompts', 'resources'])
})

test('a replica that never says that it tells is given up', async t => {
  const { watch, requests, pass } = watchGround(t)
  void watch.add(hearing())
  requests.last().answer(STREAM)
  await settle()
  pass(10_000)
  assert.equal(isEnded(requests.last()), true)
  pass(1_000)
  assert.equal(requests.sent.length, 2)
})

test('one whose replica has left is opened elsewhere', async t => {
  const { watch, requests, pass, active } = watchGround(t)
  void watch.add(hearing())
  await answered(requests.last())
  const { endpoint } = requests.last().place
  endpoint.isRemoved = true
  pass(1_000)
  assert.equal(isEnded(requests.last()), true)
  active.cluster('crm')?.ejections.outdated()
  pass(1_000)
  assert.equal(requests.sent.length, 2)
})

test('a server that tells of one thing all the time is handed on once a second, the last word always', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing([], false)
  void watch.add(one)
  await answered(requests.last())
  for (let count = 0; count < 100; count += 1) requests.last().data(TOOLS)
  assert.deepEqual(one.heard, ['tools'])
  pass(1_000)
  assert.deepEqual(one.heard, ['tools', 'tools'])
  pass(5_000)
  assert.deepEqual(one.heard, ['tools', 'tools'])
})

test('when nobody listens any more it ends, after a moment in which who comes back finds it', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing()
  void watch.add(one)
  await answered(requests.last())
  watch.remove(one)
  pass(4_000)
  void watch.add(one)
  pass(4_000)
  assert.equal(isEnded(requests.last()), false)
  watch.remove(one)
  pass(5_000)
  assert.equal(isEnded(requests.last()), true)
  assert.equal(watch.isIdle, true)
})

test('a legacy replica is listened to in a session of the router’s own, in which nothing can be asked', async t => {
  const { watch, requests } = watchGround(t, LEGACY)
  const one = hearing(['a:1'], false)
  const ready = watch.add(one)
  const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's' } }
  await requests.last('initialize').result(result, { 'mcp-session-id': 'own' })
  await requests.last('notifications/initialized').status(202)
  const stream = requests.last('GET')
  assert.equal(stream.header('mcp-session-id'), 'own')
  stream.answer(STREAM)
  await settle()
  await requests.last('resources/subscribe').result({})
  await ready
  stream.data(said('notifications/resources/updated', { uri: 'a:1' }))
  stream.data('data: {"jsonrpc":"2.0","id":5,"method":"ping"}\n\n')
  stream.data('data: {"jsonrpc":"2.0","id":6,"method":"roots/list"}\n\n')
  assert.deepEqual(one.heard, ['a:1'])
  const answers = requests.sent.map(({ message }) => message).filter(({ id }) => Number(id) >= 5)
  assert.deepEqual(answers, [
    { jsonrpc: '2.0', id: 5, result: {} },
    { jsonrpc: '2.0', id: 6, error: { code: -32601, message: 'Nobody is there to be asked.' } },
  ])
  const before = requests.sent.length
  for (let count = 0; count < 1_000; count += 1)
    stream.data('data: {"jsonrpc":"2.0","id":5,"method":"ping"}\n\n')
  assert.equal(requests.sent.length - before, 6) // with the two that are under way
  watch.remove(one)
  await settle()
  assert.equal(requests.last('resources/unsubscribe').header('mcp-session-id'), 'own')
  watch.close()
  assert.equal(requests.last('DELETE').header('mcp-session-id'), 'own')
})

test('a legacy replica is asked for many resources at once, and is given time for each', async t => {
  const { watch, requests, pass } = watchGround(t, LEGACY)
  const uris = Array.from({ length: 1_000 }, (_, count) => `a:${count}`)
  void watch.add(hearing(uris, false))
  const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's' } }
  await requests.last('initialize').result(result, { 'mcp-session-id': 'own' })
  await requests.last('notifications/initialized').status(202)
  const stream = requests.last('GET')
  stream.answer(STREAM)
  await settle()
  const asked = () => requests.sent.filter(({ method }) => method === 'resources/subscribe')
  assert.equal(asked().length, 16)
  await asked()[15]?.result({})
  await asked()[0]?.result({})
  assert.equal(asked().length, 18)
  pass(29_999)
  assert.equal(isEnded(stream), false)
  pass(1)
  assert.equal(isEnded(stream), true)
})

test('who comes when there is room for no more resources is admitted none', async t => {
  const { watch } = watchGround(t)
  const uris = Array.from({ length: 10_000 }, (_, count) => `a:${count}`)
  const all = hearing(uris)
  void watch.add(all)
  assert.deepEqual([...watch.admitted(['a:1'])], [])
  watch.remove(all)
  assert.deepEqual([...watch.admitted(['a:1'])], ['a:1'])
})

test('a replica of both eras is asked in the one in which it says that it tells', async t => {
  const none = { has: [], tells: [], hasSubscriptions: false, extensions: {} }
  const tells: Told[] = ['tools']
  const capabilities = { modern: none, legacy: { ...none, tells } }
  const { watch, requests } = watchGround(t, {
    ...LEGACY,
    eras: ['modern', 'legacy'],
    capabilities,
  })
  void watch.add(hearing())
  assert.equal(requests.last().method, 'initialize')
})

test('what a server says of a change at great length is told in few words, and a name that nobody may say not at all', async t => {
  const { watch, requests, pass } = watchGround(t)
  const one = hearing(['a:1'], false)
  void watch.add(one)
  await answered(requests.last())
  const told = (params: object, method = 'notifications/resources/updated'): void => {
    requests.last().data(said(method, params))
    pass(1_000)
  }
  told({ uri: 'a:1', note: 'short' })
  told({ uri: 'a:1', note: 'x'.repeat(10_000) })
  told({ note: 'x'.repeat(10_000) }, 'notifications/tools/list_changed')
  told({ uri: `a:1/${'x'.repeat(10_000)}` })
  assert.deepEqual(
    one.words.map(words => JSON.parse(words.toString()).params),
    [{ uri: 'a:1', note: 'short' }, { uri: 'a:1' }, undefined],
  )
})
