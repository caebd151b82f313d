// Five times as many calls as can be served, most of them sheddable: once too many for the tools, once for the router itself, whose
// calls are made dear by long answers, since whatever sends them has one core as well.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseDuration } from '#foundation/duration.ts'
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

const TOOL = join(import.meta.dirname, '..', 'support', 'scripted-process.ts')
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

async function startTool(story: Story, name: string): Promise<string> {
  const child = fork(TOOL, [name])
  story.later(() => child.kill('SIGKILL'))
  const [{ url }] = (await once(child, 'message')) as [ToolStarted]
  return url
}

interface Callers {
  readonly critical: Caller
  readonly sheddable: Caller
}

async function play(story: Story, scene: Scene): Promise<void> {
  const names = Array.from({ length: scene.replicas }, (_, index) => `tool-${index}`)
  const urls = await Promise.all(names.map(name => startTool(story, name)))
  const router = await startRouterProcess(
    documents(
      clusterOf('tools', urls, { connections: scene.connections }),
      serverOf('default', ['tools']),
      serverOf('batch', ['tools'], { criticality: 'sheddable' }),
    ),
    { env: { RINGMAIN_LOG_LEVEL: 'warn' }, keptOutput: 100_000 },
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
  const peak = await peakOf(callers, scene)
  story.tell('most that can be served', `${peak.toFixed(0)} calls/s with ${AT_ONCE} at once`)
  await overloaded(story, { router, callers, scene, peak })
  await calm(story, { router, callers, scene, peak })
}

/** Calls a second, as many at once as always. */
async function peakOf({ critical }: Callers, { request }: Scene): Promise<number> {
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
  return (done * 1_000) / (performance.now() - beganMs)
}

interface Stage {
  readonly router: RouterProcess
  readonly callers: Callers
  readonly scene: Scene
  readonly peak: number
}

async function overloaded(story: Story, { router, callers, scene, peak }: Stage): Promise<void> {
  const looks: { readonly level: number; readonly rss: number; readonly tookMs: number }[] = []
  const beganMs = performance.now()
  const critical = openLoop(peak * CRITICAL_PART, () => callers.critical.call(scene.request))
  const sheddable = openLoop(peak * (TIMES - CRITICAL_PART), () =>
    callers.sheddable.call(scene.request),
  )
  let nextMs = beganMs
  await until(
    'the time to pass',
    async () => {
      const nowMs = performance.now()
      if (nowMs >= nextMs) {
        nextMs = nowMs + LOOK_EVERY_MS
        const { overload } = await router.view()
        const tookMs = performance.now() - nowMs
        looks.push({ level: overload.level, rss: router.rss(), tookMs })
      }
      return performance.now() - beganMs >= (overloadMs ?? 0)
    },
    (overloadMs ?? 0) + 60_000,
  )
  const [first, second] = await Promise.all([critical.stop(), sheddable.stop()])
  const lastedMs = performance.now() - beganMs
  tellLoad(story, peak, { first, second, lastedMs })
  const levels = [0, 1, 2, 3, 4].map(
    level => `${level}: ${looks.filter(look => look.level === level).length}`,
  )
  story.tell('levels seen', levels.join(', '))
  const slowest = Math.max(...looks.map(({ tookMs }) => tookMs))
  story.hold('the admin listener answered each look', `slowest ${ms(slowest)}`, slowest <= LOOK_MS)
  const half = looks.length >> 1
  const most = (some: typeof looks): number => Math.max(...some.map(({ rss }) => rss))
  const [before, after] = [most(looks.slice(0, half)), most(looks.slice(half))]
  story.hold(
    'memory in the first half and in the second',
    `${mebibytes(before)}, ${mebibytes(after)}`,
    after <= before + Math.max(0.15 * before, 32 * MEBIBYTE),
  )
}

function tellLoad(
  story: Story,
  peak: number,
  {
    first,
    second,
    lastedMs,
  }: { readonly first: LoadReport; readonly second: LoadReport; readonly lastedMs: number },
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
  const goodput = ((first.ok + second.ok) * 1_000) / lastedMs
  story.hold(
    'served of what can be served',
    `${goodput.toFixed(0)} calls/s: ${((goodput / peak) * 100).toFixed(0)} %`,
    goodput >= 0.8 * peak,
  )
  for (const { failures } of [first, second]) {
    const kinds = Map.groupBy(
      failures,
      ({ what }) => /RINGMAIN_[A-Z_]+|^HTTP [0-9]+/.exec(what)?.[0] ?? what.slice(0, 60),
    )
    for (const [kind, some] of [...kinds].slice(0, 4))
      story.tell('refused', `${kind}: ${some.length}`)
  }
}

/** A load that it can bear, critical and sheddable alike. */
async function calm(story: Story, { router, callers, scene, peak }: Stage): Promise<void> {
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
