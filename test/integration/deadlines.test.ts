// No call outlives its deadline, wherever it is then: it is told as what it is, and its replica hears of it at once.
import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import { after, type TestContext, test } from 'node:test'
import {
  callParams,
  legacyCall,
  modernCall,
  modernRequest,
  openSession,
  problemOf,
  type RawAnswer,
  servedBy,
} from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { until } from '#test/support/until.ts'

/** The bar: so late at most, and a turn of the loop. */
const LATE_MS = 50
/** What one of many calls may take on a machine that runs other tests as well. */
const ALLOWED_MS = 1_000
const ROUNDS = 150
const AT_ONCE = 15

const modern = await startScripted({ name: 'modern', eras: ['modern'] })
const legacy = await startScripted({ name: 'legacy', eras: ['legacy'], isSessionful: true })
/** Each several times what a busy machine keeps a step of progress waiting. */
const SHORT_MS = 1_200
const HARD_MS = 2_700
const STEP_MS = 400
const IDLE_MS = 2_000
const DEADLINE = { default: `${SHORT_MS}ms`, max: `${HARD_MS}ms` }
const router = await startRouterProcess(
  documents(
    clusterOf('modern', [modern.url], { connections: { perEndpoint: 512 } }),
    clusterOf('legacy', [legacy.url], { connections: { perEndpoint: 512 } }),
    clusterOf('short', [modern.url], { deadline: DEADLINE }),
    clusterOf('narrow', [modern.url], { connections: { perEndpoint: 1 } }),
    clusterOf('silent', [modern.url], { timeouts: { idle: `${IDLE_MS}ms` } }),
    ...['modern', 'legacy', 'short', 'narrow', 'silent'].map(name => serverOf(name, [name])),
  ),
)
for (const name of ['modern', 'legacy', 'short', 'narrow', 'silent']) await router.untilUp(name, 1)
const urlOf = (name: string): string => `${router.mcpUrl}/${name}`
// What is measured is how late a call is told, not what the first of all warm up.
for (let round = 0; round < 20; round += 1)
  await Promise.all(Array.from({ length: AT_ONCE }, () => modernCall(urlOf('modern'), 'echo')))

after(async () => {
  await router.close()
  await Promise.all([modern.close(), legacy.close()])
})

const within = (ms: number) => ({ 'x-ringmain-deadline-ms': String(ms) })

interface Timed {
  readonly answer: RawAnswer
  readonly tookMs: number
}

async function timed(asking: () => Promise<RawAnswer>): Promise<Timed> {
  const beganMs = performance.now()
  const answer = await asking()
  return { answer, tookMs: performance.now() - beganMs }
}

/** As many calls at a time as two cores carry beside other tests: it is the router that is measured. */
async function inTurns(call: (round: number, agent: Agent) => Promise<void>): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  let next = 0
  const worker = async (): Promise<void> => {
    for (let round = next++; round < ROUNDS; round = next++) await call(round, agent)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  agent.destroy()
}

function told(t: TestContext, what: string, lates: readonly number[], least = -2): void {
  const sorted = [...lates].sort((one, other) => one - other)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  t.diagnostic(
    `${what}: ${sorted.length} calls, p50 ${at(0.5)} p99 ${at(0.99)} most ${at(1)} ms (bar ${LATE_MS})`,
  )
  assert.ok(Math.min(...sorted) >= least, `${sorted[0]} ms too early`)
  assert.ok((sorted[Math.floor(sorted.length / 2)] ?? 0) <= 2 * LATE_MS)
  assert.ok(Math.max(...sorted) <= ALLOWED_MS)
}

const tools = ['hang_before_headers', 'hang_after_headers', 'idle_stream'] as const

for (const tool of tools)
  test(`a call whose ${tool} outlasts it is told so in time, and its replica hears of it at once`, async t => {
    const lates: number[] = []
    const apart: number[] = []
    await inTurns(async (round, agent) => {
      const leftMs = 200 + (round % 50)
      const id = `${tool}-${round}`
      const asked = { id, agent, progressToken: 'p', headers: within(leftMs) }
      const { answer, tookMs } = await timed(() => modernCall(urlOf('modern'), tool, {}, asked))
      const toldMs = performance.now()
      if (problemOf(answer)?.executed === 'no') return // a machine that stood still: it was never sent
      assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_TIMEOUT')
      assert.equal(problemOf(answer)?.executed, 'unknown')
      lates.push(tookMs - leftMs)
      const left = (): number | undefined => modern.aborts.find(abort => abort.id === id)?.atMs
      await until('the exchange to be left', () => left() !== undefined)
      apart.push((left() ?? Number.POSITIVE_INFINITY) - toldMs)
    })
    assert.ok(lates.length > ROUNDS / 2)
    told(t, `late beyond the deadline, ${tool}`, lates)
    told(t, `abort at the replica after the caller was told, ${tool}`, apart, -ALLOWED_MS)
  })

test('a legacy tool is told that its call is cancelled', async t => {
  const session = await openSession(urlOf('legacy'))
  const lates: number[] = []
  for (let round = 0; round < 10; round += 1) {
    const { answer, tookMs } = await timed(() =>
      legacyCall(urlOf('legacy'), 'hang_before_headers', {}, { session, headers: within(100) }),
    )
    assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_TIMEOUT')
    lates.push(tookMs - 100)
    const id = legacy.calls().at(-1)?.id
    await until('it to be told', () => legacy.cancelled.includes(id))
  }
  told(t, 'late beyond the deadline, legacy', lates)
})

test('a call whose time is over in the queue is refused, and its tool never runs', async t => {
  const holding = new AbortController()
  const before = modern.executions('hang_before_headers')
  const held = modernCall(urlOf('narrow'), 'hang_before_headers', {}, { signal: holding.signal })
  held.catch(() => undefined) // it is this test that breaks it off
  await until('the slot to be taken', () => modern.executions('hang_before_headers') > before)
  const ran = modern.executions('echo')
  const lates: number[] = []
  await inTurns(async (_round, agent) => {
    const asked = { agent, headers: within(200) }
    const { answer, tookMs } = await timed(() => modernCall(urlOf('narrow'), 'echo', {}, asked))
    assert.equal(problemOf(answer)?.code, 'RINGMAIN_DEADLINE_EXCEEDED')
    assert.equal(problemOf(answer)?.executed, 'no')
    lates.push(tookMs - 200)
  })
  told(t, 'late beyond the deadline, queueing', lates)
  holding.abort()
  await until('the slot to be free', async () => {
    const cluster = (await router.clusters()).items.find(({ name }) => name === 'narrow')
    return cluster?.endpoints[0]?.inFlight === 0 && cluster.waiting === 0
  })
  assert.equal(modern.executions('echo'), ran)
  assert.equal(servedBy(await modernCall(urlOf('narrow'), 'echo')), 'modern')
})

test('time that the body takes to come is of the call’s own', async () => {
  const ran = modern.executions('echo')
  const { headers = {}, body = '' } = modernRequest('tools/call', callParams('echo'))
  const answered = Promise.withResolvers<RawAnswer>()
  const request = httpRequest(urlOf('modern'), {
    method: 'POST',
    headers: { ...headers, ...within(100), 'content-length': String(body.length) },
    agent: false,
  })
  request.on('response', response => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () =>
      answered.resolve({
        status: 200,
        headers: response.headers,
        body: Buffer.concat(chunks),
        isCut: false,
      }),
    )
  })
  request.write(body.slice(0, 10))
  await modernCall(urlOf('modern'), 'hang_before_headers', {}, { headers: within(150) }) // meanwhile its time runs out
  request.end(body.slice(10))
  assert.equal(problemOf(await answered.promise)?.code, 'RINGMAIN_DEADLINE_EXCEEDED')
  assert.equal(modern.executions('echo'), ran)
})

test('what is left travels on to the replica, never more than policy gives', async () => {
  const sent = async (url: string, headers?: Readonly<Record<string, string>>): Promise<number> => {
    await modernCall(url, 'echo', {}, headers === undefined ? {} : { headers })
    return Number(modern.calls().at(-1)?.headers['x-ringmain-deadline-ms'])
  }
  const asked = await sent(urlOf('modern'), within(5_000))
  assert.ok(asked > 3_000 && asked <= 5_000, `${asked} ms`)
  const policy = await sent(urlOf('short'), within(5_000))
  assert.ok(policy > 100 && policy <= SHORT_MS, `${policy} ms`)
  const usual = await sent(urlOf('modern'))
  assert.ok(usual > 50_000 && usual <= 60_000, `${usual} ms`)
})

test('a malformed deadline is refused by name', async () => {
  const headers = { 'x-ringmain-deadline-ms': '2s' }
  const answer = await modernCall(urlOf('modern'), 'echo', {}, { headers })
  assert.equal(answer.status, 400)
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_INVALID_DEADLINE')
})

test('a tool that tells of its progress gets more time, up to the hard maximum', async () => {
  const asked = { progressToken: 'p' }
  const done = await timed(() =>
    modernCall(urlOf('short'), 'working', { ms: STEP_MS, steps: 4 }, asked),
  )
  assert.equal(servedBy(done.answer), 'modern')
  assert.ok(done.tookMs > SHORT_MS, 'it took longer than the deadline alone would have let it')
  const endless = await timed(() =>
    modernCall(urlOf('short'), 'working', { ms: STEP_MS, steps: 1_000 }, asked),
  )
  assert.equal(problemOf(endless.answer)?.code, 'RINGMAIN_UPSTREAM_TIMEOUT')
  assert.ok(
    endless.tookMs >= HARD_MS - 5 && endless.tookMs <= HARD_MS + ALLOWED_MS,
    `${endless.tookMs} ms`,
  )
})

test('comments keep a stream from being taken for silent, and silence ends it long before its deadline', async () => {
  const alive = await modernCall(urlOf('silent'), 'commenting', { ms: STEP_MS, steps: 7 })
  assert.equal(servedBy(alive), 'modern')
  const silent = await timed(() => modernCall(urlOf('silent'), 'idle_stream'))
  assert.equal(problemOf(silent.answer)?.executed, 'unknown')
  assert.ok(
    silent.tookMs > IDLE_MS / 2 && silent.tookMs < IDLE_MS + 3 * ALLOWED_MS,
    `${silent.tookMs} ms`,
  )
})

test('comments are no progress: a replica that sends nothing else is left in time, and most of them are dropped', async t => {
  const poured = modern.poured()
  const { answer, tookMs } = await timed(() => modernCall(urlOf('short'), 'comments'))
  assert.equal(problemOf(answer)?.code, 'RINGMAIN_UPSTREAM_TIMEOUT')
  assert.ok(tookMs <= SHORT_MS + ALLOWED_MS, `${tookMs} ms`)
  const comments = answer.body
    .toString()
    .split('\n')
    .filter(line => line === ':').length
  t.diagnostic(`${comments} comments of ${modern.poured() - poured} bytes went on`)
  assert.ok(comments <= 20)
})
