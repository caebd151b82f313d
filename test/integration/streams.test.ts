// What tool servers tell without being asked reaches those who want to hear it, in either era, under the callers' own names and numbers.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { WATCHED } from '#test/support/everything/contents.ts'
import { startEverything } from '#test/support/everything/start.ts'
import { type OpenedStream, openStream } from '#test/support/open-stream.ts'
import {
  answerOf,
  legacyHeaders,
  legacyRequest,
  modernRequest,
  openSession,
  problemOf,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

const [modern, legacy, stateless] = await Promise.all([
  startEverything('modern'),
  startEverything('legacy'),
  startEverything('stateless'),
])
const router = await runRouter(
  documents(
    clusterOf('new', [modern.url], { lists: { minTtl: '10m', maxTtl: '10m' } }),
    clusterOf('old', [legacy.url]),
    clusterOf('bare', [stateless.url]),
    serverOf('default', ['new', 'old', 'bare'], { criticality: 'critical_plus' }),
    serverOf('new', ['new'], { criticality: 'critical_plus' }),
    serverOf('old', ['old'], { criticality: 'critical_plus' }),
    serverOf('bare', ['bare'], { criticality: 'critical_plus' }),
  ),
)
for (const name of ['new', 'old', 'bare']) await router.untilUp(name, 1)

after(async () => {
  await router.close()
  await Promise.all([modern, legacy, stateless].map(server => server.close()))
})

const at = (name: string): string => (name === '' ? router.mcpUrl : `${router.mcpUrl}/${name}`)

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
const LISTEN = 'subscriptions/listen'
const SUB = 'io.modelcontextprotocol/subscriptionId'

const listen = (
  url: string,
  notifications: Readonly<Record<string, unknown>>,
  id: string | number = 7,
): Promise<OpenedStream> => openStream(url, modernRequest(LISTEN, { notifications }, { id }))

const listenIn = (url: string, session: string, last?: string): Promise<OpenedStream> =>
  openStream(url, {
    method: 'GET',
    headers: {
      ...legacyHeaders({ session }),
      accept: 'text/event-stream',
      ...(last === undefined ? {} : { 'last-event-id': last }),
    },
  })

const call = (url: string, tool: string) =>
  rawRequest(url, modernRequest('tools/call', { name: tool, arguments: {} }))

const paramsOf = (message: Readonly<Record<string, unknown>>): unknown => message['params']

test('a modern caller is told what of its wishes is heard, and then of changes, under its own number', async () => {
  for (const [url, prefix, id] of [
    [at('new'), '', 7],
    [at('old'), '', 'seven'],
    [at(''), 'new__', 7],
    [at(''), 'old__', 0],
  ] as const) {
    await using stream = await listen(url, ALL, id)
    assert.deepEqual(paramsOf(await stream.notified('notifications/subscriptions/acknowledged')), {
      notifications: ALL,
      _meta: { [SUB]: id },
    })
    await call(url, `${prefix}test_trigger_tool_change`)
    const told = await stream.notified('notifications/tools/list_changed')
    assert.deepEqual(paramsOf(told), { _meta: { [SUB]: id } })
    await call(url, `${prefix}test_trigger_prompt_change`)
    await stream.notified('notifications/prompts/list_changed')
  }
})

test('only what was asked for is told, and of a server that tells nobody nothing is promised', async () => {
  await using stream = await listen(at('new'), { promptsListChanged: true, toolsListChanged: 1 })
  await call(at('new'), 'test_trigger_tool_change')
  await call(at('new'), 'test_trigger_prompt_change')
  await stream.notified('notifications/prompts/list_changed')
  assert.deepEqual(
    stream.events.map(({ message }) => message?.['method']),
    ['notifications/subscriptions/acknowledged', 'notifications/prompts/list_changed'],
  )
  await using none = await listen(at('bare'), ALL)
  const { params } = await none.notified('notifications/subscriptions/acknowledged')
  assert.deepEqual((params as { notifications: unknown }).notifications, {})
  const odd = await rawRequest(at('new'), modernRequest(LISTEN, { notifications: [] }))
  assert.equal(problemOf(odd)?.code, 'RINGMAIN_INVALID_PARAMS')
})

test('a resource is watched and told by the name that its caller has for it', async () => {
  const wished = [`new+${WATCHED}`, `old+${WATCHED}`, `bare+${WATCHED}`, 'nobody+a:b']
  await using stream = await listen(at(''), { resourceSubscriptions: wished })
  const { params } = await stream.notified('notifications/subscriptions/acknowledged')
  assert.deepEqual((params as { notifications: unknown }).notifications, {
    resourceSubscriptions: wished.slice(0, 2),
  })
  for (const prefix of ['new', 'old']) {
    await call(at(''), `${prefix}__test_trigger_resource_update`)
    await stream.event(
      ({ message }) =>
        (message?.['params'] as { uri?: unknown } | undefined)?.uri === `${prefix}+${WATCHED}`,
    )
  }
  assert.deepEqual(stream.events.at(-1)?.message, {
    method: 'notifications/resources/updated',
    params: { uri: `old+${WATCHED}`, _meta: { [SUB]: 7 } },
    jsonrpc: '2.0',
  })
})

test('what was kept of a list that is another one now is asked for again', async () => {
  const asked = (): Promise<unknown> =>
    rawRequest(at('new'), modernRequest('tools/list')).then(answerOf)
  await using stream = await listen(at('new'), ALL)
  await stream.notified('notifications/subscriptions/acknowledged')
  const first = (await asked()) as { readonly result: { readonly ttlMs: number } }
  await call(at('new'), 'test_trigger_tool_change')
  await stream.notified('notifications/tools/list_changed')
  const second = (await asked()) as typeof first
  assert.ok(first.result.ttlMs <= 600_000)
  assert.ok(second.result.ttlMs > 599_000, `${second.result.ttlMs} ms are left of a kept list`)
})

test('a legacy caller hears on the stream of its session what its own replica tells, and what others do', async () => {
  const session = await openSession(at(''))
  await using stream = await listenIn(at(''), session)
  assert.equal(stream.status, 200)
  for (const prefix of ['old', 'new']) {
    const name = `${prefix}__test_trigger_tool_change`
    await rawRequest(at(''), legacyRequest('tools/call', { name }, { session }))
    await stream.notified('notifications/tools/list_changed')
    const uri = `${prefix}+${WATCHED}`
    const subscribed = await rawRequest(
      at(''),
      legacyRequest('resources/subscribe', { uri }, { session }),
    )
    assert.deepEqual((answerOf(subscribed) as { result: unknown }).result, {})
    const update = { name: `${prefix}__test_trigger_resource_update` }
    await rawRequest(at(''), legacyRequest('tools/call', update, { session }))
    const told = await stream.event(
      ({ message }) => (message?.['params'] as { uri?: unknown } | undefined)?.uri === uri,
    )
    assert.deepEqual(told.message, {
      method: 'notifications/resources/updated',
      params: { uri },
      jsonrpc: '2.0',
    })
  }
})

test('a resource that its session does not subscribe to any more is not told', async () => {
  const session = await openSession(at('new'))
  await using stream = await listenIn(at('new'), session)
  const ask = (method: string): Promise<unknown> =>
    rawRequest(at('new'), legacyRequest(method, { uri: WATCHED }, { session })).then(answerOf)
  await ask('resources/subscribe')
  await ask('resources/unsubscribe')
  await call(at('new'), 'test_trigger_resource_update')
  await call(at('new'), 'test_trigger_tool_change')
  await stream.notified('notifications/tools/list_changed')
  assert.deepEqual(
    stream.events.map(({ message }) => message?.['method']),
    ['notifications/tools/list_changed'],
  )
})

test('who comes back with the last id gets what was told meanwhile', async () => {
  const session = await openSession(at('old'))
  const change = (tool: string) =>
    rawRequest(at('old'), legacyRequest('tools/call', { name: tool }, { session }))
  const first = await listenIn(at('old'), session)
  await change('test_trigger_tool_change')
  const { id } = await first.event(({ message }) => message !== undefined)
  first.close()
  await first.ended
  await change('test_trigger_prompt_change')
  await using again = await listenIn(at('old'), session, id)
  await again.notified('notifications/prompts/list_changed')
  assert.equal(again.events.length, 1)
})

test('who cannot be told is told that', async () => {
  const subscribe = async (url: string, more: { readonly session?: string }, uri = WATCHED) =>
    problemOf(await rawRequest(url, legacyRequest('resources/subscribe', { uri }, more)))
  assert.equal((await subscribe(at('new'), {}))?.code, 'RINGMAIN_CANNOT_BE_TOLD')
  const session = await openSession(at('bare'))
  assert.equal((await subscribe(at('bare'), { session }))?.code, 'RINGMAIN_CANNOT_BE_TOLD')
  const refusedAs = async (url: string, headers: Readonly<Record<string, string>>) => {
    const answer = await rawRequest(url, { method: 'GET', headers })
    return [answer.status, problemOf(answer)?.code]
  }
  const kept = await openSession(at('old'))
  for (const [url, headers, expected] of [
    [at('old'), {}, [405, 'RINGMAIN_METHOD_NOT_ALLOWED']],
    [at('bare'), { 'mcp-session-id': session }, [405, 'RINGMAIN_METHOD_NOT_ALLOWED']],
    [at('old'), { 'mcp-session-id': 'x' }, [404, 'RINGMAIN_SESSION_UNKNOWN']],
    [at('old'), { 'mcp-session-id': kept, 'last-event-id': 'x' }, [400, 'RINGMAIN_INVALID_HEADER']],
  ] as const)
    assert.deepEqual(await refusedAs(url, headers), expected)
})

test('a session has one stream, which ends with it', async () => {
  for (const name of ['old', 'new']) {
    const session = await openSession(at(name))
    await using stream = await listenIn(at(name), session)
    assert.equal(stream.status, 200)
    const headers = legacyHeaders({ session })
    const second = await rawRequest(at(name), { method: 'GET', headers })
    assert.deepEqual([second.status, problemOf(second)?.code], [429, 'RINGMAIN_TOO_MANY_STREAMS'])
    const ended = await rawRequest(at(name), { method: 'DELETE', headers })
    assert.equal(ended.status, 200)
    assert.equal(await stream.ended, 'whole')
  }
})

test('who listens to a virtual server that is another one now is told so, and comes back', async () => {
  const cluster = clusterOf('new', [modern.url])
  const changing = await runRouter(
    documents(cluster, serverOf('default', ['new']), serverOf('other', ['new'])),
  )
  await changing.untilUp('new', 1)
  await using stream = await listen(changing.mcpUrl, { toolsListChanged: true })
  await using other = await listen(`${changing.mcpUrl}/other`, ALL)
  const anew = serverOf('default', ['new'], { naming: 'prefix' })
  writeFileSync(
    join(changing.policies, 'mesh.yaml'),
    documents(cluster, anew, serverOf('other', ['new'])),
  )
  assert.equal(await stream.ended, 'whole')
  assert.deepEqual(
    stream.events.map(({ message }) => message?.['method'] ?? 'result'),
    ['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed', 'result'],
  )
  assert.equal(other.events.length, 1)
  await changing.close()
})

test('streams end with the router: a modern one with its result, and no call waits for them', async () => {
  const leaving = await runRouter(
    documents(clusterOf('new', [modern.url]), serverOf('default', ['new'])),
  )
  await leaving.untilUp('new', 1)
  await using stream = await listen(leaving.mcpUrl, ALL, 'end')
  const session = await openSession(leaving.mcpUrl)
  await using other = await listenIn(leaving.mcpUrl, session)
  const isClean = await leaving.router.drain()
  assert.equal(isClean, true)
  assert.equal(await stream.ended, 'whole')
  assert.equal(await other.ended, 'whole')
  assert.deepEqual(stream.events.at(-1)?.message, {
    jsonrpc: '2.0',
    id: 'end',
    result: { resultType: 'complete', _meta: { [SUB]: 'end' } },
  })
  await leaving.close()
})
