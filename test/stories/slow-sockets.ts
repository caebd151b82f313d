// Thousands of connections that only hold: slow headers, slow bodies, answers that nobody reads. All are closed in time, and those
// who call properly meanwhile hardly notice. In a network namespace of its own: by default the kernel keeps up to 4 MB of each unread
// answer, 2 GB for five hundred, and then every connection of the machine suffers, whoever it belongs to.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openCaller, openLoop, percentile } from '#test/support/open-loop.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { mebibytes, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import type { SlowKind, SlowOrder, SlowReport } from '#test/support/slow-sockets.ts'
import { ms, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const COUNTS: SlowOrder['counts'] = { headers: 2_000, body: 2_000, reader: 500 }
const ALL = COUNTS.headers + COUNTS.body + COUNTS.reader
const RATE = 100
const BASELINE_CALLS = 1_500
/** As the router's defaults are, shortened for the body so that the story ends within a minute. */
const LIMITS = { headers: 5_000, body: 15_000, reader: 15_000 } as const
/** Node looks twice a second; opening thousands of connections takes a while, too. */
const SLACK_MS = 4_000

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
      const caller = openCaller(router.mcpUrl, 16)
      story.later(caller.close)
      const echo = modernRequest('tools/call', callParams('tools__echo'))
      for (let n = 0; n < 3_000; n += 1) await caller.call(echo) // warm
      const quiet = openLoop(RATE, () => caller.call(echo))
      await until('the baseline', () => quiet.sent() >= BASELINE_CALLS, 60_000)
      const baseline = await quiet.stop()

      const before = router.rss()
      let report: SlowReport = {
        opened: 0,
        open: ALL,
        longestMs: { headers: 0, body: 0, reader: 0 },
      }
      let mostOpen = 0
      slow.on('message', message => {
        report = message as SlowReport
        mostOpen = Math.max(mostOpen, report.open)
      })
      const order: SlowOrder = { port: Number(new URL(router.mcpUrl).port), counts: COUNTS }
      slow.send(order)
      const busy = openLoop(RATE, () => caller.call(echo))
      await until(
        'all of them to be closed',
        () => report.opened >= ALL && report.open === 0,
        90_000,
      )
      const meanwhile = await busy.stop()

      story.tell('open at once', `${mostOpen} of ${ALL}`)
      for (const kind of ['headers', 'body', 'reader'] as const satisfies readonly SlowKind[]) {
        const tookMs = report.longestMs[kind]
        story.hold(
          `slow ${kind}: the last of ${COUNTS[kind]} was closed`,
          `${ms(tookMs)} after it came, limit ${ms(LIMITS[kind])}`,
          tookMs <= LIMITS[kind] + SLACK_MS,
        )
      }
      const [was, is] = [baseline, meanwhile].map(({ latencies }) =>
        percentile(latencies, 0.99),
      ) as [number, number]
      story.hold(
        'calls that failed',
        `${meanwhile.failures.length} of ${meanwhile.sent}`,
        meanwhile.failures.length === 0,
      )
      story.tell(
        'median before and meanwhile',
        `${ms(percentile(baseline.latencies, 0.5))}, ${ms(percentile(meanwhile.latencies, 0.5))}`,
      )
      story.hold(
        'p99 before and meanwhile',
        `${ms(was)}, ${ms(is)}: ${(is / was).toFixed(2)} times`,
        is <= 2 * was,
      )
      story.tell(
        'memory of the router',
        `${mebibytes(before)}, at most ${mebibytes(router.peakRss())}`,
      )
      for (const what of new Set(meanwhile.failures.map(failure => failure.what)))
        story.tell('such as', what)
    },
  )
