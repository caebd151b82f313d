// Thousands of connections that only hold: slow headers, slow bodies, answers that nobody reads. All are closed in time, and those
// who call properly meanwhile hardly notice. In a network namespace of its own: by default the kernel keeps up to 4 MB of each unread
// answer, 2 GB for five hundred, and then every connection of the machine suffers, whoever it belongs to.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { type LoadReport, openCaller, openLoop, percentile } from '#test/support/open-loop.ts'
import { onOwnCore } from '#test/support/own-core.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { mebibytes, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import type { SlowKind, SlowOrder, SlowReport } from '#test/support/slow-sockets.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const COUNTS: SlowOrder['counts'] = { headers: 2_000, body: 2_000, reader: 500 }
const ALL = COUNTS.headers + COUNTS.body + COUNTS.reader
const RATE = 100
/** Calls are counted for so long from the first of those on: while the others come, hold, and are closed, and a while behind that. */
const COUNTED_MS = 60_000
const BASELINE_CALLS = 1_500
/** What V8 compiles in the second in which the readers come would be measured as theirs, on the one core that it has. */
const WARM = { calls: 20_000, long: 30, bytes: 32_000_000 } as const
/** As the router's defaults are, shortened for the body so that the story ends within a minute. */
const LIMITS = { headers: 5_000, body: 15_000, reader: 15_000 } as const
/**
 * The router looks ten times a second, and what is refused has a second to read that. An answer has to begin before it can be left
 * unread, and one that does not read hears of its end when it writes, which it does every two seconds.
 */
const SLACK_MS = 3_500

const ECHO = modernRequest('tools/call', callParams('tools__echo'))

interface Held {
  readonly report: SlowReport
  readonly mostOpen: number
  readonly busy: LoadReport
  /** Milliseconds of the calls that began in each second of it. */
  readonly seconds: readonly (readonly number[])[]
}

async function warm(call: ReturnType<typeof openCaller>['call']): Promise<void> {
  const long = modernRequest('tools/call', callParams('bulk__bytes', { n: WARM.bytes }))
  for (let n = 0; n < WARM.long + WARM.calls; n += 1) {
    const trouble = await call(n < WARM.long ? long : ECHO)
    if (trouble !== undefined) throw new Error(trouble)
  }
}

/** Calls at the steady rate while the others hold what they can. */
async function besides(
  slow: ChildProcess,
  port: number,
  call: () => Promise<string | undefined>,
): Promise<Held> {
  let report: SlowReport = { opened: 0, open: ALL, longestMs: { headers: 0, body: 0, reader: 0 } }
  let mostOpen = 0
  slow.on('message', message => {
    report = message as SlowReport
    mostOpen = Math.max(mostOpen, report.open)
  })
  const order: SlowOrder = { port, counts: COUNTS }
  slow.send(order)
  const seconds: number[][] = []
  const beganMs = performance.now()
  const load = openLoop(RATE, async () => {
    const atMs = performance.now()
    const trouble = await call()
    const second = (seconds[Math.floor((atMs - beganMs) / 1_000)] ??= [])
    second.push(performance.now() - atMs)
    return trouble
  })
  await until('all of them to be closed', () => report.opened >= ALL && report.open === 0, 90_000)
  await until('the last second', () => performance.now() - beganMs >= COUNTED_MS, COUNTED_MS)
  return { busy: await load.stop(), seconds, report, mostOpen }
}

function tellAll(
  story: Story,
  { baseline, busy, seconds, report, mostOpen }: Held & { readonly baseline: LoadReport },
): void {
  story.tell('open at once', `${mostOpen} of ${ALL}`)
  for (const kind of ['headers', 'body', 'reader'] as const satisfies readonly SlowKind[]) {
    const tookMs = report.longestMs[kind]
    story.hold(
      `slow ${kind}: the last of ${COUNTS[kind]} was closed`,
      `${ms(tookMs)} after it came, limit ${ms(LIMITS[kind])}`,
      tookMs <= LIMITS[kind] + SLACK_MS,
    )
  }
  const [was, is] = [baseline, busy].map(({ latencies }) => percentile(latencies, 0.99)) as [
    number,
    number,
  ]
  const [middle, middleNow] = [baseline, busy].map(({ latencies }) =>
    ms(percentile(latencies, 0.5)),
  )
  story.hold(
    'calls that failed',
    `${busy.failures.length} of ${busy.sent}`,
    busy.failures.length === 0,
  )
  for (const what of new Set(busy.failures.map(failure => failure.what)))
    story.tell('such as', what)
  story.tell('median before and meanwhile', `${middle}, ${middleNow}`)
  const worst = Math.max(
    ...Object.values(seconds).map(second => percentile(second.toSorted(rising), 0.5)),
  )
  story.tell('median of the slowest second', ms(worst))
  story.hold(
    `p99 before, and in the ${COUNTED_MS / 1_000} s from the first of them on`,
    `${ms(was)}, ${ms(is)}: ${(is / was).toFixed(2)} times`,
    is <= 2 * was,
  )
}

const rising = (one: number, other: number): number => one - other

// Callers and tools are in this process: its own collections would be told as the router's time.
setFlagsFromString('--memory-reducer-gc-count=0')
const isInside = await inOwnNetwork(import.meta.filename)
if (isInside)
  await tellStory(
    `${ALL} connections that only hold, beside ${RATE} calls a second`,
    async story => {
      const tool = await startScripted()
      story.later(tool.close)
      const slow = fork(join(import.meta.dirname, '..', 'support', 'slow-sockets.ts'))
      story.later(() => slow.disconnect())
      const [{ url: bulk }] = (await once(slow, 'message')) as [{ url: string }]
      const router = await startRouterProcess(
        documents(
          clusterOf('tools', [tool.url]),
          clusterOf('bulk', [bulk], {
            connections: { perEndpoint: 2_000, streams: 4_000 },
            health: { interval: '10s', timeout: '5s' },
          }),
          serverOf('default', ['tools', 'bulk'], { naming: 'prefix' }),
        ),
        {
          env: {
            RINGMAIN_REQUEST_TIMEOUT: `${LIMITS.body}ms`,
            RINGMAIN_WRITE_TIMEOUT: `${LIMITS.reader}ms`,
            RINGMAIN_LOG_LEVEL: 'error',
          },
        },
      )
      story.later(router.close)
      await router.untilUp('tools', 1)
      await router.untilUp('bulk', 1)
      const [measured = 0, behind = 0] = [router.child.pid, slow.pid]
      story.tell('cores', onOwnCore(measured, { beside: process.pid, behind }))
      const caller = openCaller(router.mcpUrl, 16)
      story.later(caller.close)
      await warm(caller.call)
      const quiet = openLoop(RATE, () => caller.call(ECHO))
      await until('the baseline', () => quiet.sent() >= BASELINE_CALLS, 60_000)
      const baseline = await quiet.stop()
      const before = router.rss()

      const meanwhile = await besides(slow, Number(new URL(router.mcpUrl).port), () =>
        caller.call(ECHO),
      )
      tellAll(story, { baseline, ...meanwhile })
      story.tell('load of the machine in the last minute', (loadavg()[0] ?? 0).toFixed(1))
      story.tell(
        'memory of the router',
        `${mebibytes(before)}, at most ${mebibytes(router.peakRss())}`,
      )
    },
  )
