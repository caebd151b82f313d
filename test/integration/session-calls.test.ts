// Calls that share a legacy session: callers do reuse ids, and no answer, progress or cancellation may go astray for it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyCall,
  legacyRequest,
  messagesOf,
  openSession,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

const replicas = await Promise.all(
  ['one', 'two'].map(name => startScripted({ name, eras: ['legacy'], isSessionful: true })),
)
const router = await runRouter(
  documents(
    clusterOf(
      'kept',
      replicas.map(({ url }) => url),
    ),
    clusterOf(
      'single',
      replicas.map(({ url }) => url),
      { connections: { perEndpoint: 1 } },
    ),
    serverOf('default', ['kept']),
    serverOf('single', ['single']),
  ),
)
const kept = router.mcpUrl

after(async () => {
  await router.close()
  await Promise.all(replicas.map(server => server.close()))
})

test('a hundred callers who all count from 1 on one session each get their own answer', async () => {
  const session = await openSession(kept)
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => legacyCall(kept, 'echo', { n }, { session, id: 1 })),
  )
  for (const [n, answer] of answers.entries()) {
    const message = answerOf(answer)
    assert.equal(message.id, 1)
    const content = message.result?.['structuredContent'] as { args: { n: number } }
    assert.equal(content.args.n, n)
  }
  const name = servedBy(answers[0] ?? assert.fail())
  const replica = replicas.find(candidate => candidate.name === name) ?? assert.fail(name)
  const ids = replica
    .calls()
    .slice(-100)
    .map(({ id }) => id)
  assert.equal(new Set(ids).size, 100)
})

test('progress reaches the caller whose call makes it, also when tokens and ids are the same', async () => {
  const session = await openSession(kept)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      legacyCall(kept, 'progress', {}, { session, id: 1, progressToken: 't' }),
    ),
  )
  for (const answer of answers) {
    const steps = messagesOf(answer).filter(({ method }) => method === 'notifications/progress')
    assert.deepEqual(
      steps.map(({ params }) => params?.['progress']),
      [1, 2, 3],
    )
    assert.equal(answerOf(answer).id, 1)
  }
})

const cancel = (session: string, requestId: unknown, url = kept) =>
  rawRequest(url, {
    headers: legacyRequest('x', {}, { session }).headers ?? {},
    body: JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId, reason: 'test' },
    }),
  })

test('a cancellation reaches the call it names and no other', async () => {
  const [session, neighbour] = [await openSession(kept), await openSession(kept)]
  const running = () => replicas.reduce((sum, replica) => sum + replica.executions('slow'), 0)
  const before = running()
  const mine = legacyCall(kept, 'slow', { ms: 60_000 }, { session, id: 5 })
  const other = legacyCall(kept, 'slow', { ms: 700 }, { session, id: 6 })
  const neighbours = legacyCall(kept, 'slow', { ms: 700 }, { session: neighbour, id: 5 })
  await until('all three to run', () => running() === before + 3)
  assert.equal((await cancel(session, 5)).status, 202)
  const ended = await mine
  assert.deepEqual(messagesOf(ended), [], 'a cancelled call gets no answer')
  assert.equal(ended.isCut, false)
  assert.equal(answerOf(await other).id, 6)
  assert.equal(answerOf(await neighbours).id, 5)
  const told = () => replicas.flatMap(({ cancelled }) => cancelled)
  await until('the replica to be told', () => told().length > 0)
  const named = replicas.flatMap(replica => replica.calls()).filter(({ id }) => told().includes(id))
  assert.deepEqual(
    named.map(({ params }) => params['arguments']),
    [{ ms: 60_000 }],
  )
})

test('of two callers with equal ids on two replicas a cancellation stops the one at its own replica', async () => {
  // A replica takes one at a time here: of two that are opened at once each gets its own.
  const url = `${kept}/single`
  const sessions = await Promise.all([openSession(url), openSession(url)])
  const places: (string | undefined)[] = []
  for (const session of sessions)
    places.push(servedBy(await legacyCall(url, 'echo', {}, { session })))
  const [mine, other] = places.map(place => replicas.find(({ name }) => name === place))
  assert.ok(mine !== undefined && other !== undefined && mine !== other)
  const ran = (): number => replicas.reduce((sum, one) => sum + one.executions('slow'), 0)
  const [before, told] = [ran(), other.cancelled.length]
  const [stopped, left] = sessions.map(session =>
    legacyCall(url, 'slow', { ms: 400 }, { session, id: 7 }),
  )
  await until('both to run', () => ran() === before + 2)
  const id = mine.calls().at(-1)?.id
  assert.equal((await cancel(sessions[0] ?? '', 7, url)).status, 202)
  assert.deepEqual(messagesOf((await stopped) ?? assert.fail()), [])
  await until('its replica to be told', () => mine.cancelled.includes(id))
  assert.equal(servedBy((await left) ?? assert.fail()), other.name)
  assert.equal(other.cancelled.length, told)
})

test('a call that is cancelled while it waits for a place is never sent', async () => {
  const url = `${kept}/single`
  const session = await openSession(url)
  const ran = (tool: string): number => replicas.reduce((sum, one) => sum + one.executions(tool), 0)
  const before = ran('slow')
  const holding = legacyCall(url, 'slow', { ms: 400 }, { session, id: 1 })
  await until('the place to be taken', () => ran('slow') === before + 1)
  const waiting = legacyCall(url, 'progress', {}, { session, id: 2, progressToken: 't' })
  const single = async () => (await router.clusters()).items.find(({ name }) => name === 'single')
  await until('the second to wait', async () => (await single())?.waiting === 1)
  const run = ran('progress')
  assert.equal((await cancel(session, 2, url)).status, 202)
  assert.deepEqual(messagesOf(await waiting), [], 'a cancelled call gets no answer')
  assert.equal((await single())?.waiting, 0)
  assert.equal(answerOf(await holding).id, 1)
  assert.equal(answerOf(await legacyCall(url, 'echo', {}, { session, id: 3 })).id, 3)
  assert.equal(ran('progress'), run)
})

test('where two calls of a session share an id, a cancellation stops neither', async () => {
  const session = await openSession(kept)
  const running = () => replicas.reduce((sum, replica) => sum + replica.executions('slow'), 0)
  const before = running()
  const both = [1, 2].map(() => legacyCall(kept, 'slow', { ms: 500 }, { session, id: 9 }))
  await until('both to run', () => running() === before + 2)
  assert.equal((await cancel(session, 9)).status, 202)
  for (const answer of await Promise.all(both)) assert.equal(answerOf(answer).id, 9)
})
