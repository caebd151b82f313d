// A call that may have run is never sent again, and its caller is told so. The count that tells is the tool's own.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyCall,
  modernCall,
  openSession,
  problemOf,
  type RawAnswer,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

/** For tools that say nothing, or no more; all others have as long as they need. */
const HASTY = { timeouts: { firstByte: '400ms', idle: '400ms' } }
const SILENT: readonly string[] = ['hang_before_headers', 'hang_after_headers', 'idle_stream']

const replicas = await Promise.all(
  ['a', 'b', 'c'].map(name => startScripted({ name, isSessionful: true })),
)
const doomed = await startScripted({ name: 'doomed' })
const survivor = await startScripted({ name: 'survivor' })
const router = await runRouter(
  documents(
    ...['tools', 'hasty'].map(name =>
      clusterOf(
        name,
        replicas.map(({ url }) => url),
        name === 'hasty' ? HASTY : {},
      ),
    ),
    clusterOf('pair', [doomed.url, survivor.url], { health: { interval: '1h', timeout: '1s' } }),
    serverOf('tools', ['tools']),
    serverOf('hasty', ['hasty']),
    serverOf('pair', ['pair']),
  ),
)
const url = `${router.mcpUrl}/tools`
const urlFor = (tool: string): string => (SILENT.includes(tool) ? `${router.mcpUrl}/hasty` : url)

after(async () => {
  await router.close()
  await Promise.all([...replicas, doomed, survivor].map(server => server.close()))
})

const ran = (tool: string): number =>
  replicas.reduce((sum, replica) => sum + replica.executions(tool), 0)

/** Every way a caller may come, so that none has a back door. */
const callers: Readonly<Record<string, (tool: string, args: object) => Promise<RawAnswer>>> = {
  modern: (tool, args) => modernCall(urlFor(tool), tool, { ...args }),
  'legacy without a session': (tool, args) => legacyCall(urlFor(tool), tool, { ...args }),
  'legacy with a session': async (tool, args) =>
    legacyCall(urlFor(tool), tool, { ...args }, { session: await openSession(urlFor(tool)) }),
}

const faults = [
  { tool: 'die_before_headers', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'die_after_headers', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'hang_before_headers', code: 'RINGMAIN_UPSTREAM_TIMEOUT' },
  { tool: 'hang_after_headers', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'status', args: { code: 500 }, code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'status', args: { code: 502 }, code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'status', args: { code: 503 }, code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'status', args: { code: 504 }, code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'status', args: { code: 204 }, code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'wrong_id', code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'not_json', code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'wrong_type', code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'gzip', code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'stream_without_answer', code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE' },
  { tool: 'die_mid_stream', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'die_mid_body', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'die_mid_event', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
  { tool: 'idle_stream', code: 'RINGMAIN_OUTCOME_UNKNOWN' },
] as const

for (const [caller, call] of Object.entries(callers)) {
  for (const { tool, code, ...more } of faults) {
    const args = 'args' in more ? more.args : {}
    const name = [tool, ...Object.values(args)].join(' ')
    test(`${name} runs once and is told as unknown to a ${caller} caller`, async () => {
      const before = ran(tool)
      const answer = await call(tool, args)
      assert.equal(answer.status, 200)
      const problem = problemOf(answer)
      assert.equal(problem?.code, code)
      assert.equal(problem?.executed, 'unknown')
      assert.match(problem?.says ?? '', /outcome_unknown/)
      assert.equal(answerOf(answer).result?.['isError'], true)
      assert.equal(answerOf(answer).id, 1)
      assert.equal(ran(tool), before + 1)
    })
  }

  test(`what a status says of a call that was sent is told to a ${caller} caller, and no more`, async () => {
    for (const [args, code, executed] of [
      [{ code: 401 }, 'RINGMAIN_UPSTREAM_REFUSED', 'no'],
      [{ code: 403 }, 'RINGMAIN_UPSTREAM_REFUSED', 'no'],
      [{ code: 429 }, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', 'unknown'],
      [{ code: 400 }, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', 'unknown'],
      [{ code: 408 }, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', 'unknown'],
      [{ code: 302 }, 'RINGMAIN_UPSTREAM_BAD_RESPONSE', 'unknown'],
    ] as const) {
      const before = ran('status')
      const problem = problemOf(await call('status', args))
      assert.equal(problem?.code, code, String(args.code))
      assert.equal(problem?.executed, executed, String(args.code))
      assert.equal(ran('status'), before + 1)
    }
  })
}

test('a redirect is not followed, and nothing is sent where it points', async () => {
  const visits: number[] = []
  const elsewhere = createServer(socket => void socket.end(String(visits.push(1))))
  elsewhere.listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  const { port } = elsewhere.address() as AddressInfo
  const answer = await modernCall(url, 'redirect', { to: `http://127.0.0.1:${port}/mcp` })
  elsewhere.close()
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
  assert.deepEqual(visits, [])
})

test('a replica that refuses the connection costs nothing: another one runs the call, once', async () => {
  await doomed.close()
  const endpoint = async () =>
    (await router.clusters()).items
      .find(({ name }) => name === 'pair')
      ?.endpoints.find(({ url: at }) => at.includes(String(doomed.port)))
  assert.equal((await endpoint())?.health, 'up', 'the router has not noticed yet')
  const faultsBefore = (await endpoint())?.faults ?? 0
  for (let count = 1; count <= 40; count += 1) {
    const answer = await modernCall(`${router.mcpUrl}/pair`, 'echo')
    assert.equal(servedBy(answer), 'survivor')
    assert.equal(survivor.executions('echo'), count)
  }
  await until(
    'the refused connection to be seen',
    async () => (await endpoint())?.health === 'down',
  )
  assert.equal((await endpoint())?.faults, faultsBefore + 1, 'one refusal is enough to know')
  const moved = router.calls().filter(line => line['ringmain.attempts'] === 2)
  assert.equal(moved.length, 1)
})

test('with no replica left the call is refused as not executed, and names the cluster', async () => {
  await survivor.close()
  const ranBefore = survivor.executions()
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const problem = problemOf(await modernCall(`${router.mcpUrl}/pair`, 'echo'))
    assert.equal(problem?.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
    assert.equal(problem?.executed, 'no')
    assert.match(problem?.says ?? '', /\bpair\b/)
  }
  assert.equal(survivor.executions(), ranBefore)
})

test('a caller that leaves while it waits for a slot leaves nothing to run', async t => {
  const only = await startScripted({ name: 'narrow' })
  const narrow = await runRouter(
    documents(
      clusterOf('narrow', [only.url], { connections: { perEndpoint: 1, wait: '1m' } }),
      serverOf('default', ['narrow']),
    ),
  )
  t.after(() => Promise.all([narrow.close(), only.close()]))
  const leaving = new AbortController()
  const holding = new AbortController()
  const first = modernCall(narrow.mcpUrl, 'hang_before_headers', {}, { signal: holding.signal })
  await until('the first call to run', () => only.executions('hang_before_headers') === 1)
  const second = modernCall(narrow.mcpUrl, 'echo', {}, { signal: leaving.signal })
  await until('the second to wait', async () => (await narrow.clusters()).items[0]?.waiting === 1)
  leaving.abort()
  await assert.rejects(second)
  await until('the second to be recorded', () => narrow.calls().length === 1)
  holding.abort()
  await assert.rejects(first)
  await until('the slot to be free', async () => {
    const [cluster] = (await narrow.clusters()).items
    return cluster?.endpoints[0]?.inFlight === 0
  })
  assert.equal(only.executions('echo'), 0)
})

test('a caller that leaves while a session is opened for it leaves nothing to run', async t => {
  let hold: Promise<void> = Promise.resolve()
  const only = await startScripted({
    name: 'guarded',
    eras: ['legacy'],
    isSessionful: true,
    beforeSession: () => hold,
  })
  const guarded = await runRouter(
    documents(clusterOf('guarded', [only.url]), serverOf('default', ['guarded'])),
  )
  t.after(() => Promise.all([guarded.close(), only.close()]))
  await legacyCall(guarded.mcpUrl, 'echo') // a connection to send on is open from here on
  const opened = only.requests.filter(({ method }) => method === 'initialize').length
  const gate = Promise.withResolvers<void>()
  hold = gate.promise
  const leaving = new AbortController()
  const call = legacyCall(guarded.mcpUrl, 'slow', {}, { signal: leaving.signal })
  await until(
    'the session to be asked for',
    () => only.requests.filter(({ method }) => method === 'initialize').length > opened,
  )
  leaving.abort()
  await assert.rejects(call)
  gate.resolve()
  await until('the call to be recorded', () => guarded.calls().length === 2)
  assert.equal(guarded.calls()[1]?.['ringmain.result'], 'caller_gone')
  assert.equal(only.executions('slow'), 0)
  await until('no session to be left behind', () => only.sessions.size === 0)
})
