// Five times as many calls as can be served, most of them sheddable: once too many for the tools, once for the router itself, whose
// calls are made dear by long answers, since whatever sends them has one core as well.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseDuration } from '#foundation/duration.ts'
import { coresTaken } from '#test/support/cores-taken.ts'
import {
  type Caller,
  type LoadReport,
  openCaller,
  openLoop,
  percentile,
} from '#test/support/open-loop.ts'
import { callParams, modernRequest, type RawRequest } from '#test/support/raw-http.ts'
import { mebibytes, type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import type { ToolStarted } from '#test/support/scripted-process.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const SUPPORT = join(import.meta.dirname, '..', 'support')
const TOOL = join(SUPPORT, 'scripted-process.ts')
const PROBE = `--import ${join(SUPPORT, 'kept-memory.ts')}`
const TIMES = 5
/** Of what can be served, the part that critical calls alone make. */
const CRITICAL_PART = 0.5
const AT_ONCE = 64
const PEAK_MS = 5_000
/** Not counted: what is not compiled yet would make little of what can be served, and all that follows look better. */
const WARM_MS = 3_000
const LOOK_EVERY_MS = 250
/** Whoever probes a process waits no longer before it is taken for dead. */
const LOOK_MS = 5_000
const BACK_MS = 5_000
const MEBIBYTE = 1_048_576
/** More than this is not bounded, whatever it is needed for. */
const MOST_MEMORY = 512 * MEBIBYTE
/** Of the time: all connections are there by then, and as many calls as there will be. */
const EARLY = 0.25
/** Of what was kept early, with all of these calls under way, nearly nothing may have come to it when they are over. */
const KEPT_MORE = 4 * MEBIBYTE

const asked = process.argv.find(word => word.startsWith('--for='))?.slice('--for='.length) ?? '60s'
const overloadMs = parseDuration(asked)
if (overloadMs === undefined) throw new Error(`--for=${asked} is no duration, such as 10s`)

interface Scene {
  readonly name: string
  readonly replicas: number
  readonly connections: Readonly<Record<string, unknown>>
  readonly request: RawRequest
}

const SLOW_TOOLS: Scene = {
  name: 'too many for the tools',
  replicas: 2,
  connections: { perEndpoint: 20 },
  request: modernRequest('tools/call', callParams('slow', { ms: 50 })),
}

const BUSY_ROUTER: Scene = {
  name: 'too many for the router',
  replicas: 2,
  connections: { perEndpoint: 1_000 },
  request: modernRequest('tools/call', callParams('bytes', { n: 400_000 })),
}

async function startTool(
  story: Story,
  name: string,
): Promise<{ readonly url: string; readonly pid: number }> {
  const child = fork(TOOL, [name])
  story.later(() => child.kill('SIGKILL'))
  const [{ url }] = (await once(child, 'message')) as [ToolStarted]
  return { url, pid: child.pid ?? 0 }
}

interface Callers {
  readonly critical: Caller
  readonly sheddable: Caller
}

async function play(story: Story, scene: Scene): Promise<void> {
  const names = Array.from({ length: scene.replicas }, (_, index) => `tool-${index}`)
  const tools = await Promise.all(names.map(name => startTool(story, name)))
  const urls = tools.map(({ url }) => url)
  const router = await startRouterProcess(
    documents(
      clusterOf('tools', urls, { connections: scene.connections }),
      serverOf('default', ['tools']),
      serverOf('batch', ['tools'], { criticality: 'sheddable' }),
    ),
    { env: { RINGMAIN_LOG_LEVEL: 'warn', NODE_OPTIONS: PROBE }, keptOutput: 100_000 },
  )
  story.later(router.close)
  await router.untilUp('tools', scene.replicas)
  const callers = {
    critical: openCaller(router.mcpUrl, 512),
    sheddable: openCaller(`${router.mcpUrl}/batch`, 1_024),
  }
  story.later(() => callers.critical.close())
  story.later(() => callers.sheddable.close())
  console.log(` ${scene.name}`)
  const { pid = 0 } = router.child
  const cores = (): Cores => coresIn(coresTaken([pid, process.pid, ...tools.map(tool => tool.pid)]))
  const stage = { story, router, callers, scene, cores }
  const before = await peakOf(stage)
  const load = await overloaded(stage, before)
  await calm(stage, before)
  const kept = await keptBy(router)
  story.hold(
    'memory that is kept after a collection, early and when it is over',
    `${mebibytes(load.kept)}, ${mebibytes(kept)}`,
    kept <= load.kept + KEPT_MORE,
  )
  tellGoodput(story, load, [before, await peakOf(stage)])
}

/** In words, of the time since it was asked for. */
type Cores = () => string

/** A machine that has other things to do serves fewer calls, and is not to be taken for a router that does. */
const coresIn =
  (taken: () => readonly number[]): Cores =>
  () => {
    const [router = 0, callers = 0, ...rest] = taken()
    const others = rest.pop() ?? 0
    const tools = rest.reduce((sum, one) => sum + one, 0)
    const words = [router, callers, tools, others].map(share => share.toFixed(2))
    return `cores for the router, its callers, its tools, all others: ${words.join(', ')}`
  }

/** Calls a second, as many at once as always. */
async function peakOf({
  story,
  callers: { critical },
  scene: { request },
  cores,
}: Stage): Promise<number> {
  const told = cores()
  const beganMs = performance.now() + WARM_MS
  let done = 0
  const one = async (): Promise<void> => {
    while (performance.now() - beganMs < PEAK_MS) {
      const trouble = await critical.call(request)
      if (trouble !== undefined)
        throw new Error(`a call failed before there were too many: ${trouble}`)
      if (performance.now() > beganMs) done += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  const perSecond = (done * 1_000) / (performance.now() - beganMs)
  story.tell('most that can be served', `${perSecond.toFixed(0)} calls/s with ${AT_ONCE} at once`)
  story.tell('meanwhile', told())
  return perSecond
}

interface Stage {
  readonly story: Story
  readonly router: RouterProcess
  readonly callers: Callers
  readonly scene: Scene
  readonly cores: () => Cores
}

interface Served {
  readonly ok: number
  readonly lastedMs: number
  /** Memory that the router kept after a collection early on. */
  readonly kept: number
}

async function overloaded(
  { story, router, callers, scene, cores }: Stage,
  peak: number,
): Promise<Served> {
  const told = cores()
  const looks: { readonly level: number; readonly rss: number; readonly tookMs: number }[] = []
  const beganMs = performance.now()
  const critical = openLoop(peak * CRITICAL_PART, () => callers.critical.call(scene.request))
  const sheddable = openLoop(peak * (TIMES - CRITICAL_PART), () =>
    callers.sheddable.call(scene.request),
  )
  let nextMs = beganMs
  const pass = (forMs: number): Promise<boolean> =>
    until(
      'the time to pass',
      async () => {
        const nowMs = performance.now()
        if (nowMs >= nextMs) {
          nextMs = nowMs + LOOK_EVERY_MS
          const { overload } = await router.view()
          const tookMs = performance.now() - nowMs
          looks.push({ level: overload.level, rss: router.rss(), tookMs })
        }
        return performance.now() - beganMs >= forMs
      },
      forMs + 60_000,
    )
  await pass((overloadMs ?? 0) * EARLY)
  const kept = await keptBy(router)
  await pass(overloadMs ?? 0)
  const [first, second] = await Promise.all([critical.stop(), sheddable.stop()])
  const lastedMs = performance.now() - beganMs
  tellLoad(story, peak, { first, second })
  const levels = [0, 1, 2, 3, 4].map(
    level => `${level}: ${looks.filter(look => look.level === level).length}`,
  )
  story.tell('levels seen', levels.join(', '))
  const slowest = Math.max(...looks.map(({ tookMs }) => tookMs))
  story.hold('the admin listener answered each look', `slowest ${ms(slowest)}`, slowest <= LOOK_MS)
  const most = Math.max(...looks.map(({ rss }) => rss))
  story.hold(
    `the most it occupied, at most ${mebibytes(MOST_MEMORY)}`,
    mebibytes(most),
    most <= MOST_MEMORY,
  )
  story.tell('meanwhile', told())
  return { ok: first.ok + second.ok, lastedMs, kept }
}

async function keptBy({ child }: RouterProcess): Promise<number> {
  const heard = once(child, 'message') as Promise<[{ readonly bytes: number }]>
  child.send('kept?')
  const [{ bytes }] = await heard
  return bytes
}

function tellLoad(
  story: Story,
  peak: number,
  { first, second }: { readonly first: LoadReport; readonly second: LoadReport },
): void {
  const rate = first.perSecond + second.perSecond
  story.hold(
    `sent, where ${TIMES} times is due`,
    `${rate.toFixed(0)} calls/s, ${(rate / peak).toFixed(1)} times`,
    rate / peak >= TIMES * 0.95,
  )
  const success = first.ok / first.sent
  story.hold(
    'critical calls that were served',
    `${first.ok} of ${first.sent}: ${(success * 100).toFixed(2)} %`,
    success >= 0.995,
  )
  story.tell(
    'critical calls, median and p99',
    `${ms(percentile(first.latencies, 0.5))}, ${ms(percentile(first.latencies, 0.99))}`,
  )
  story.tell('sheddable calls that were served', `${second.ok} of ${second.sent}`)
  for (const { failures } of [first, second]) {
    const kinds = Map.groupBy(
      failures,
      ({ what }) => /RINGMAIN_[A-Z_]+|^HTTP [0-9]+/.exec(what)?.[0] ?? what.slice(0, 60),
    )
    for (const [kind, some] of [...kinds].slice(0, 4))
      story.tell('refused', `${kind}: ${some.length}`)
  }
}

/** Of what could be served before and after: how much a machine gives differs from one minute to the next. */
function tellGoodput(story: Story, { ok, lastedMs }: Served, peaks: readonly number[]): void {
  const goodput = (ok * 1_000) / lastedMs
  const peak = peaks.reduce((sum, one) => sum + one, 0) / peaks.length
  story.hold(
    'served of what can be served, before and after',
    `${goodput.toFixed(0)} of ${peak.toFixed(0)} calls/s: ${((goodput / peak) * 100).toFixed(0)} %`,
    goodput >= 0.8 * peak,
  )
}

/** A load that it can bear, critical and sheddable alike. */
async function calm({ story, router, callers, scene }: Stage, peak: number): Promise<void> {
  const beganMs = performance.now()
  const loads = [callers.critical, callers.sheddable].map(caller =>
    openLoop(peak * 0.2, () => caller.call(scene.request)),
  )
  await until(
    'the level to be normal',
    async () => (await router.view()).overload.level === 0,
    30_000,
  )
  const normalMs = performance.now() - beganMs
  await until('five seconds to pass', () => performance.now() - beganMs >= BACK_MS + 2_000)
  const reports = await Promise.all(loads.map(load => load.stop()))
  const last = Math.max(
    0,
    ...reports.flatMap(({ failures }) => failures.map(({ atMs }) => atMs - beganMs)),
  )
  const failed = reports.reduce((sum, { failures }) => sum + failures.length, 0)
  story.hold('level normal after', ms(normalMs), normalMs <= BACK_MS)
  story.hold('last call that was refused after', `${ms(last)}, ${failed} in all`, last <= BACK_MS)
}

await tellStory(`R10: ${TIMES} times too many calls for ${asked}`, async story => {
  for (const scene of [SLOW_TOOLS, BUSY_ROUTER]) await play(story, scene)
})
