// A replica whose checks are good and whose calls fail, through a whole router: it is taken out, shown, tried and brought back.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { EndpointView } from '#foundation/admin-views.ts'
import { modernCall } from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'
import {
  type Asked,
  MODERN_SCRIPT,
  type SmallReplica,
  startReplica,
} from '#test/support/small-replica.ts'
import { until } from '#test/support/until.ts'

const good = ({ result }: Asked): void => result({ content: [] })

interface Mesh {
  readonly router: RunningRouter
  readonly bad: SmallReplica
  /** What the bad one answers from now on. */
  readonly answer: (by: (asked: Asked) => void) => void
  readonly calls: () => Promise<void>
  readonly shown: () => Promise<EndpointView | undefined>
  readonly reached: () => number
}

/** As many calls as begin before one of them is answered: a fault keeps the next call away for a while by itself. */
const AT_ONCE = 30

/** One bad replica and two good ones, which answer when so many calls have come to all of them. */
async function mesh(t: TestContext, ejection: object): Promise<Mesh> {
  let answer: (asked: Asked) => void = good
  let waiting: (() => void)[] = []
  const together = (say: () => void): void => {
    waiting.push(say)
    if (waiting.length < AT_ONCE) return
    for (const each of waiting) each()
    waiting = []
  }
  const replica = (by: (asked: Asked) => void): Promise<SmallReplica> =>
    startReplica(t, { ...MODERN_SCRIPT, 'tools/call': asked => together(() => by(asked)) })
  const bad = await replica(asked => answer(asked))
  const urls = [bad, await replica(good), await replica(good)].map(
    ({ port }) => `http://127.0.0.1:${port}/mcp`,
  )
  const router = await runRouter(
    documents(
      clusterOf('tools', urls, { ejection, retry: { max: 0 } }),
      serverOf('default', ['tools']),
    ),
  )
  t.after(() => router.close())
  await router.untilUp('tools', 3)
  return {
    router,
    bad,
    answer: by => {
      answer = by
    },
    calls: async () => {
      const all = Array.from({ length: AT_ONCE }, () => modernCall(router.mcpUrl, 'search', {}))
      await Promise.all(all)
    },
    shown: async () => {
      const { items } = await router.clusters()
      return items[0]?.endpoints.find(({ url }) => url.includes(`:${bad.port}/`))
    },
    reached: () => bad.methods().filter(method => method === 'tools/call').length,
  }
}

const failUntilOut = async ({ calls, shown }: Mesh): Promise<EndpointView> => {
  await calls()
  const view = await shown()
  assert.ok(view?.breaker?.state === 'open')
  return view
}

for (const [fault, by] of [
  ['the JSON-RPC error -32603 in an answer of 200', ({ error }: Asked) => error(200, -32_603)],
  ['a status of 503', ({ status }: Asked) => status(503)],
  [
    'an answer that breaks off',
    ({ response }: Asked) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' })
      response.write('{"jsonrpc":"2.0",')
      setImmediate(() => response.destroy())
    },
  ],
] as const) {
  test(`a replica that answers its checks, and its calls with ${fault}, is ejected and gets nothing`, async t => {
    const scene = await mesh(t, { base: '1h', max: '1h' })
    scene.answer(by)
    const view = await failUntilOut(scene)
    assert.deepEqual([view.health, view.state], ['up', 'ready'])
    assert.match(view.reason ?? '', /^ejected: too .*, tried again in /)
    const before = scene.reached()
    for (let round = 0; round < 3; round += 1) await scene.calls()
    assert.equal(scene.reached(), before)
    const { lines } = scene.router
    assert.equal(lines.filter(({ event }) => event === 'endpoint.ejected').length, 1)
    const metrics = await (await fetch(`${scene.router.adminUrl}/metrics`)).text()
    assert.match(metrics, /^ringmain_cluster_ejected\{ringmain_cluster="tools".*\} 1$/m)
    assert.match(
      metrics,
      /^ringmain_ejections_total\{.*reason="(?:consecutive_faults|success_rate)".*\} 1$/m,
    )
  })
}

test('what a tool itself says no to ejects nobody', async t => {
  const { answer, calls, shown } = await mesh(t, {})
  for (const by of [
    ({ result }: Asked) => result({ content: [], isError: true }),
    ({ error }: Asked) => error(200, -32_602),
    ({ error }: Asked) => error(404, -32_601),
    ({ status }: Asked) => status(403),
  ]) {
    answer(by)
    for (let round = 0; round < 3; round += 1) await calls()
  }
  assert.deepEqual((await shown())?.breaker?.state, 'closed')
})

test('an ejected replica that is well again is tried by one call and comes back', async t => {
  const scene = await mesh(t, { base: '100ms', max: '100ms' })
  scene.answer(({ status }) => status(503))
  await failUntilOut(scene)
  scene.answer(good)
  await until('it to be restored', async () => {
    await scene.calls()
    return (await scene.shown())?.breaker?.state === 'closed'
  })
  const events = scene.router.lines.map(({ event }) => event)
  const of = (event: string): number => events.filter(told => told === event).length
  assert.equal(of('endpoint.restored'), 1)
  assert.ok(of('endpoint.half_open') >= 1)
})
