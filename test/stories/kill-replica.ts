// A replica killed under steady calls: only what it carried may fail, nothing new goes there, and back it takes calls again.
import type { EndpointView } from '#foundation/admin-views.ts'
import { type DemoReplica, startDemoReplica } from '#test/support/demo-replica.ts'
import { type Failure, type OpenLoop, openCaller, openLoop } from '#test/support/open-loop.ts'
import { callParams, legacyRequest, modernRequest } from '#test/support/raw-http.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const RATE = 200
const WATCH_MS = 3_000
const LOOK_EVERY_MS = 10

interface Kill {
  readonly name: string
  /** Calls under way anywhere when the signal was sent. */
  readonly flying: number
  readonly beganMs: number
  readonly deadMs: number
}

await tellStory(`kill -9 each of three replicas in turn under ${RATE} calls/s`, async story => {
  const names = ['search-1', 'search-2', 'search-3']
  const replicas = await Promise.all(names.map(name => startDemoReplica('search', name)))
  story.later(() => Promise.all(replicas.map(replica => replica.kill())))
  const urls = replicas.map(({ url }) => url)
  const health = { interval: '1s', timeout: '900ms', rise: 1, fall: 2 }
  const router = await startRouterProcess(
    documents(clusterOf('search', urls, { health }), serverOf('default', ['search'])),
  )
  story.later(router.close)
  await router.untilUp('search', replicas.length)
  const caller = openCaller(router.mcpUrl)
  story.later(caller.close)
  const params = callParams('search', { query: 'expenses' })
  const requests = [modernRequest('tools/call', params), legacyRequest('tools/call', params)]
  const load = openLoop(RATE, count => caller.call(requests[count % 2] ?? {}))
  await until('router and replicas to be warm', () => load.sent() >= 5 * RATE)
  const kills: Kill[] = []
  for (const replica of replicas) kills.push(await killed(story, { replica, router, load }))
  const { sent, failures, latencies, perSecond } = await load.stop()
  story.tell('calls', `${sent} at ${perSecond.toFixed(0)}/s, half of them legacy`)
  story.tell('slowest that went well', ms(latencies.at(-1) ?? 0))
  for (const kill of kills) judge(story, kill, failures)
  const others = failures.filter(failure => !kills.some(kill => isOf(kill, failure)))
  story.hold('failures that no kill explains', String(others.length), others.length === 0)
  for (const what of new Set(others.map(failure => failure.what))) story.tell('such as', what)
})

interface Ground {
  readonly replica: DemoReplica
  readonly router: RouterProcess
  readonly load: OpenLoop
}

async function killed(story: Story, { replica, router, load }: Ground): Promise<Kill> {
  const { name } = replica
  const endpoint = async (): Promise<EndpointView> => {
    const [cluster] = (await router.clusters()).items
    const found = cluster?.endpoints.find(({ url }) => new URL(url).port === String(replica.port))
    if (found === undefined) throw new Error(`the router does not show ${name}`)
    return found
  }
  await until(`${name} to take calls`, async () => (await replica.executions()) > 0)
  const kill = { name, flying: load.inFlight(), beganMs: performance.now() }
  await replica.kill()
  const deadMs = performance.now()
  let { calls } = await endpoint()
  let lastMs = deadMs
  while (performance.now() - deadMs < WATCH_MS) {
    const now = (await endpoint()).calls
    if (now !== calls) lastMs = performance.now()
    calls = now
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
  const after = lastMs - deadMs
  story.hold(`${name}: last call given to it`, `${ms(after)} after its end`, after <= 1_000)
  await replica.restart()
  const startedMs = performance.now()
  await until(`${name} to take calls again`, async () => (await replica.executions()) > 0, 40_000)
  const took = ms(performance.now() - startedMs)
  story.tell(`${name}: started again, it took its first call`, `after ${took}`)
  return { ...kill, deadMs }
}

/** It was under way in the time of this kill. */
function isOf({ beganMs, deadMs }: Kill, { atMs, endedMs }: Failure): boolean {
  return endedMs > beganMs && atMs < deadMs + WATCH_MS
}

/** What was in flight may fail; what was sent when the replica was dead may not. */
function judge(story: Story, kill: Kill, failures: readonly Failure[]): void {
  const { name, flying, beganMs, deadMs } = kill
  const own = failures.filter(failure => isOf(kill, failure))
  const late = own.filter(({ atMs }) => atMs > deadMs)
  const between = own.filter(({ atMs }) => atMs >= beganMs && atMs <= deadMs)
  const said = `${own.length}, ${flying} in flight and ${between.length} sent while it died`
  story.hold(`${name}: calls that failed`, said, own.length <= flying + between.length)
  const times = late.map(({ atMs }) => `${ms(atMs - deadMs)} after`).join(', ')
  story.hold(
    `${name}: of which sent when it was dead`,
    `${late.length} ${times}`,
    late.length === 0,
  )
}
