// Answers of any length at the reader's pace, and a caller who leaves is felt at the tool at once.
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, test } from 'node:test'
import {
  callParams,
  legacyCall,
  legacyRequest,
  modernCall,
  modernRequest,
  openSession,
  type RawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { mebibytes, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { readSlowly } from '#test/support/slow-reader.ts'
import { until } from '#test/support/until.ts'

const MEBIBYTE = 1_048_576

const modern = await startScripted({ name: 'modern', eras: ['modern'] })
const legacy = await startScripted({ name: 'legacy', eras: ['legacy'], isSessionful: true })
const router = await startRouterProcess(
  documents(
    clusterOf('modern', [modern.url]),
    clusterOf('legacy', [legacy.url]),
    clusterOf('narrow', [modern.url], { connections: { perEndpoint: 2, wait: '10s' } }),
    serverOf('modern', ['modern']),
    serverOf('narrow', ['narrow']),
    serverOf('legacy', ['legacy']),
  ),
)
await router.untilUp('modern', 1)
await router.untilUp('legacy', 1)
await router.untilUp('narrow', 1)
const modernUrl = `${router.mcpUrl}/modern`
const legacyUrl = `${router.mcpUrl}/legacy`

after(async () => {
  await router.close()
  await Promise.all([modern.close(), legacy.close()])
})

const ways = [
  {
    era: 'modern',
    url: modernUrl,
    server: modern,
    ask: async (tool: string, args: object = {}): Promise<RawRequest> =>
      modernRequest('tools/call', callParams(tool, { ...args }), { progressToken: 'p' }),
  },
  {
    era: 'legacy',
    url: legacyUrl,
    server: legacy,
    ask: async (tool: string, args: object = {}): Promise<RawRequest> =>
      legacyRequest('tools/call', callParams(tool, { ...args }), {
        progressToken: 'p',
        session: await openSession(legacyUrl),
      }),
  },
] as const

for (const { era, url, server, ask } of ways) {
  for (const tool of [
    'hang_before_headers',
    'hang_after_headers',
    'idle_stream',
    'bytes',
  ] as const) {
    test(`a ${era} caller who leaves ends ${tool} at the tool server at once`, async t => {
      const request = await ask(tool, { n: 64 * MEBIBYTE })
      const aborted = (): number => server.aborts.filter(abort => abort.tool === tool).length
      const [ran, gone] = [server.executions(tool), aborted()]
      const leaving = new AbortController()
      const call = httpRequest(url, {
        method: 'POST',
        headers: request.headers ?? {},
        agent: false,
        signal: leaving.signal,
      })
      let hasBegun = false
      call.on('response', response => {
        hasBegun = true
        response.on('error', () => undefined).pause()
      })
      call.on('error', () => undefined) // it is this test that breaks it off
      call.end(request.body)
      await until('the tool to run', () => server.executions(tool) === ran + 1)
      if (tool === 'idle_stream' || tool === 'bytes')
        await until('the answer to begin', () => hasBegun)
      const leftMs = performance.now()
      leaving.abort()
      await until('the tool to be left', () => aborted() === gone + 1)
      const tookMs = (server.aborts.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) - leftMs
      t.diagnostic(`felt at the tool after ${tookMs.toFixed(1)} ms`)
      assert.ok(tookMs < 1_000)
      if (era === 'legacy') {
        const id = server.calls().at(-1)?.id
        await until('it to be told as well', () => server.cancelled.includes(id))
      }
    })
  }

  test(`the first event of a ${era} stream arrives while its tool still runs`, async () => {
    const reader = await readSlowly(url, await ask('idle_stream'))
    assert.equal(reader.status, 200)
    const whole = reader.drain().catch(() => 'left')
    await until('the first event', () => reader.bytes() > 0)
    reader.leave()
    assert.equal(await whole, 'left')
  })

  for (const stream of [false, true]) {
    const form = stream ? 'stream of one event' : 'JSON answer'
    test(`a reader that stalls stops the tool: a ${era} ${form} of 96 MiB is held nowhere`, async t => {
      const size = 96 * MEBIBYTE
      // What is measured is what one more stalled answer adds, not what the first answer of all warms up.
      await (await readSlowly(url, await ask('bytes', { n: 16 * MEBIBYTE, stream }))).drain()
      const [poured, rss] = [server.poured(), router.rss()]
      const reader = await readSlowly(url, await ask('bytes', { n: size, stream }))
      let [last, quietSinceMs] = [-1, performance.now()]
      await until('the tool to stop pouring', () => {
        if (server.poured() !== last) {
          last = server.poured()
          quietSinceMs = performance.now()
        }
        return performance.now() - quietSinceMs > 300
      })
      const [outMiB, grown] = [(last - poured) / MEBIBYTE, router.rss() - rss]
      t.diagnostic(`${outMiB.toFixed(1)} MiB left the tool; the router grew by ${mebibytes(grown)}`)
      // Two loopback connections hold up to 10 MiB each in the kernel.
      assert.ok(outMiB < 32, `${outMiB} MiB left the tool`)
      assert.ok(grown < 32 * MEBIBYTE, `grew by ${mebibytes(grown)}`)
      const slowest = await slowestOf(50, () =>
        era === 'modern' ? modernCall(url, 'echo') : legacyCall(url, 'echo'),
      )
      t.diagnostic(`meanwhile the slowest of 50 other calls took ${slowest.toFixed(1)} ms`)
      assert.ok(slowest < 2_000)
      assert.ok((await reader.drain()) > size)
      const after = router.rss() - rss
      assert.ok(after < 64 * MEBIBYTE, `grew by ${mebibytes(after)} in all`)
    })
  }
}

async function slowestOf(
  count: number,
  call: () => Promise<{ readonly status: number }>,
): Promise<number> {
  let slowest = 0
  for (let index = 0; index < count; index += 1) {
    const beganMs = performance.now()
    assert.equal((await call()).status, 200)
    slowest = Math.max(slowest, performance.now() - beganMs)
  }
  return slowest
}

test('a slow reader gets the whole answer at its pace, and the router stays flat', async t => {
  const size = 32 * MEBIBYTE
  const request = modernRequest('tools/call', callParams('bytes', { n: size }))
  const before = router.rss()
  let most = 0
  const watching = setInterval(() => (most = Math.max(most, router.rss())), 50)
  const reader = await readSlowly(modernUrl, request)
  const bytes = await reader.drain(20 * MEBIBYTE)
  clearInterval(watching)
  assert.ok(bytes > size)
  t.diagnostic(`${mebibytes(bytes)} read; the router grew by at most ${mebibytes(most - before)}`)
  assert.ok(most - before < 64 * MEBIBYTE)
})

test('readers that stall take no slot from other calls, though there are more of them than slots', async () => {
  const url = `${router.mcpUrl}/narrow`
  const request = modernRequest('tools/call', callParams('bytes', { n: 32 * MEBIBYTE }))
  const readers = []
  for (let count = 0; count < 4; count += 1) readers.push(await readSlowly(url, request))
  for (let count = 0; count < 10; count += 1)
    assert.equal(servedBy(await modernCall(url, 'echo')), 'modern')
  for (const reader of readers) assert.ok((await reader.drain()) > 32 * MEBIBYTE)
})

test('after all of it no call is left in flight and no slot is held', async () => {
  await until('every call to end', async () => {
    const { calls } = await router.view()
    return calls.inFlight === 0 && calls.streams === 0
  })
  for (const { name, waiting, endpoints } of (await router.clusters()).items)
    for (const { inFlight, streams } of endpoints)
      assert.deepEqual(
        { name, waiting, inFlight, streams },
        { name, waiting: 0, inFlight: 0, streams: 0 },
      )
})
