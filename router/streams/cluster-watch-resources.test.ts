// Resources that callers listen to: asked for once for all of them, as they come and go, and told in few words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import {
  answered,
  filterOf,
  hearing,
  isEnded,
  LEGACY,
  STREAM,
  said,
  watchGround,
} from '#test/support/watch-ground.ts'

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

test('who wants to hear of other resources now has them asked for, and is ready when they are told', async t => {
  const { watch, requests } = watchGround(t)
  const uris = new Set(['a:1'])
  const one = { ...hearing(), uris }
  void watch.add(one)
  await answered(requests.last())
  uris.add('a:2')
  let isReady = false
  const ready = watch.changed(one).then(() => {
    isReady = true
  })
  await settle()
  assert.deepEqual([requests.sent.length, isReady], [2, false])
  await answered(requests.last())
  await ready
})

test('a legacy replica is asked for a resource once for all who want it, and again when it was let go', async t => {
  const { watch, requests } = watchGround(t, LEGACY)
  const methods = (method: string): number =>
    requests.methods().filter(name => name === method).length
  const uris = new Set<string>()
  const one = { ...hearing(), uris }
  void watch.add(one)
  const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's' } }
  await requests.last('initialize').result(result, { 'mcp-session-id': 'own' })
  await requests.last('notifications/initialized').status(202)
  requests.last('GET').answer(STREAM)
  await settle()
  uris.add('a:1')
  void watch.changed(one)
  void watch.add(hearing(['a:1']))
  await settle()
  assert.equal(methods('resources/subscribe'), 1)
  const other = hearing(['a:2'])
  void watch.add(other)
  await settle()
  watch.remove(other)
  assert.equal(methods('resources/unsubscribe'), 1)
  void watch.add(other)
  await settle()
  assert.equal(methods('resources/subscribe'), 3)
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
