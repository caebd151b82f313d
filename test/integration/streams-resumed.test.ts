// The stream of a call that its server, or its caller, has left is gone on with where it stood, at whichever router.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEverything } from '#test/support/everything/start.ts'
import { type OpenedStream, openStream } from '#test/support/open-stream.ts'
import {
  legacyHeaders,
  legacyRequest,
  modernRequest,
  openSession,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

const [tools, others] = await Promise.all([startEverything('legacy'), startEverything('legacy')])
const mesh = documents(
  clusterOf('one', [others.url]),
  clusterOf('two', [tools.url]),
  serverOf('default', ['one', 'two'], { criticality: 'critical_plus' }),
)
const env = { RINGMAIN_SESSION_KEY: Buffer.alloc(32, 5).toString('base64') }
const routers = await Promise.all([runRouter(mesh, { env }), runRouter(mesh, { env })])
for (const router of routers) for (const name of ['one', 'two']) await router.untilUp(name, 1)
const [here, there] = routers.map(({ mcpUrl }) => mcpUrl) as [string, string]

after(async () => {
  await Promise.all(routers.map(router => router.close()))
  await Promise.all([tools, others].map(server => server.close()))
})

const call = (session: string, name: string, id: string): Promise<OpenedStream> =>
  openStream(here, legacyRequest('tools/call', { name }, { session, id, progressToken: 'p' }))

const comeBack = (session: string, last: string): Promise<OpenedStream> =>
  openStream(there, {
    method: 'GET',
    headers: { ...legacyHeaders({ session }), 'last-event-id': last },
  })

const lastIdOf = ({ events }: OpenedStream): string =>
  events.findLast(({ id }) => id !== undefined)?.id ?? assert.fail('there is no id')

const answerTo = (id: string, stream: OpenedStream) =>
  stream.event(({ message }) => message?.['id'] === id)

test('a server that ends the stream of a call is asked for the rest', async () => {
  const session = await openSession(here)
  await using first = await call(session, 'two__test_reconnection', 'mine')
  assert.equal(await first.ended, 'whole')
  assert.equal(first.events.length, 1)
  assert.equal(first.events[0]?.message, undefined)
  assert.equal(first.events[0]?.retry, 500)
  await using rest = await comeBack(session, lastIdOf(first))
  const { message } = await answerTo('mine', rest)
  assert.deepEqual(message?.['result'], {
    content: [{ type: 'text', text: 'Answered on another stream.' }],
  })
  assert.equal(await rest.ended, 'whole')
})

test('a caller that loses the stream of a call gets what it has not seen, and the call ran once', async () => {
  const session = await openSession(here)
  const first = await call(session, 'two__test_tool_with_progress', 'mine')
  await first.event(({ message }) => message?.['method'] === 'notifications/progress')
  const last = lastIdOf(first)
  first.close()
  await first.ended
  const seen = first.events.filter(({ message }) => message !== undefined).length
  await using rest = await comeBack(session, last)
  await answerTo('mine', rest)
  await rest.ended
  const told = rest.events.map(({ message }) => message?.['method'] ?? 'answer')
  assert.equal(seen + told.length, 4)
  assert.equal(told.at(-1), 'answer')
})

test('a call that is cancelled is given up, whether its stream could be left or not', async () => {
  const session = await openSession(here)
  const givenUp = tools.givenUp()
  await using stream = await call(session, 'two__test_until_cancelled', 'mine')
  await stream.event(({ message }) => message?.['method'] === 'notifications/progress')
  const cancelled = { requestId: 'mine' }
  const answer = await openStream(here, {
    headers: legacyHeaders({ session }),
    body: JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: cancelled,
    }),
  })
  assert.equal(answer.status, 202)
  await givenUp
})

test('a subscription whose replica is gone is opened at another one, and nothing is missed', async () => {
  const pair = await Promise.all([startEverything('modern'), startEverything('modern')])
  const router = await runRouter(
    documents(
      clusterOf(
        'pair',
        pair.map(({ url }) => url),
        { health: { interval: '500ms', timeout: '5s', rise: 1, fall: 1 } },
      ),
      serverOf('default', ['pair'], { criticality: 'critical_plus' }),
    ),
  )
  await router.untilUp('pair', 2)
  const notifications = { toolsListChanged: true }
  await using stream = await openStream(
    router.mcpUrl,
    modernRequest('subscriptions/listen', { notifications }),
  )
  await stream.notified('notifications/subscriptions/acknowledged')
  await pair[0].close()
  await router.untilUp('pair', 1)
  // Wherever it was opened: the one that is left tells it, or what may have been missed is told.
  const params = { name: 'test_trigger_tool_change', arguments: {} }
  await rawRequest(router.mcpUrl, modernRequest('tools/call', params))
  await stream.notified('notifications/tools/list_changed')
  await router.close()
  await pair[1].close()
})
