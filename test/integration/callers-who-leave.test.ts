// A caller who leaves, or whose time is over, before its call was sent: its place is free at once, its tool never runs, and nothing that
// was opened for it stays behind.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  callParams,
  legacyRequest,
  modernRequest,
  problemOf,
  type RawRequest,
  rawRequest,
} from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { type Asked, legacyScript, startReplica } from '#test/support/small-replica.ts'
import { until } from '#test/support/until.ts'

const NARROW = { connections: { perEndpoint: 1 } }

async function routerTo(t: TestContext, url: string): Promise<RunningRouter> {
  const router = await runRouter(
    documents(clusterOf('tools', [url], NARROW), serverOf('default', ['tools'])),
  )
  t.after(() => router.close())
  await router.untilUp('tools', 1)
  return router
}

const carried = async (router: RunningRouter): Promise<string> => {
  const [cluster] = (await router.clusters()).items
  return `${cluster?.endpoints[0]?.inFlight} in flight, ${cluster?.waiting} waiting`
}

const untilCarried = (router: RunningRouter, what: string): Promise<unknown> =>
  until(what, async () => (await carried(router)) === what)

/** Sends it, and leaves once `isThere`; how long after that its place was free. */
async function leaves(
  router: RunningRouter,
  request: RawRequest,
  when: { readonly held: string; readonly free: string },
): Promise<number> {
  const leaving = new AbortController()
  const call = rawRequest(router.mcpUrl, { ...request, signal: leaving.signal })
  call.catch(() => undefined) // it is this test that breaks it off
  await untilCarried(router, when.held)
  const leftMs = performance.now()
  leaving.abort()
  await untilCarried(router, when.free)
  return performance.now() - leftMs
}

for (const era of ['modern', 'legacy'] as const)
  test(`a ${era} caller who leaves while it waits for a slot gives up its place at once`, async t => {
    const server = await startScripted({ eras: [era] })
    t.after(() => server.close())
    const router = await routerTo(t, server.url)
    const ask = era === 'modern' ? modernRequest : legacyRequest
    const holding = new AbortController()
    const held = ask('tools/call', callParams('hang_before_headers'))
    const first = rawRequest(router.mcpUrl, { ...held, signal: holding.signal })
    first.catch(() => undefined)
    await untilCarried(router, '1 in flight, 0 waiting')
    const tookMs = await leaves(router, ask('tools/call', callParams('echo')), {
      held: '1 in flight, 1 waiting',
      free: '1 in flight, 0 waiting',
    })
    t.diagnostic(`free after ${tookMs.toFixed(1)} ms, a look at the router included`)
    assert.ok(tookMs < 1_000)
    holding.abort()
    await untilCarried(router, '0 in flight, 0 waiting')
    assert.equal(server.executions('echo'), 0)
  })

for (const how of ['leaves', 'is late'] as const)
  test(`a caller who ${how} during the handshake of its call frees its place at once, and the session is ended`, async t => {
    let isHanging = false
    const hanging: Asked[] = []
    const good = legacyScript('s')
    const replica = await startReplica(t, {
      ...good,
      initialize: asked => {
        if (isHanging) hanging.push(asked)
        else good['initialize']?.(asked)
      },
    })
    const router = await routerTo(t, `http://127.0.0.1:${replica.port}/mcp`)
    await until('its check to have ended its session', () => replica.sessions.size === 0)
    isHanging = true
    const request = legacyRequest('tools/call', callParams('old'), {
      headers: how === 'leaves' ? {} : { 'x-ringmain-deadline-ms': '150' },
    })
    const [held, free] = ['1 in flight, 0 waiting', '0 in flight, 0 waiting']
    if (how === 'leaves') {
      const tookMs = await leaves(router, request, { held, free })
      t.diagnostic(`free after ${tookMs.toFixed(1)} ms, a look at the router included`)
      assert.ok(tookMs < 1_000)
    } else {
      const answer = await rawRequest(router.mcpUrl, request)
      assert.equal(problemOf(answer)?.code, 'RINGMAIN_DEADLINE_EXCEEDED')
      await untilCarried(router, free)
    }
    isHanging = false
    assert.ok(hanging.length > 0)
    for (const asked of hanging) good['initialize']?.(asked)
    await until(
      'the late session to be ended',
      () => replica.methods().includes('DELETE') && replica.sessions.size === 0,
    )
    assert.equal(replica.methods().includes('tools/call'), false)
  })
