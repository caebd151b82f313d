// A thousand idle streams at once and 300 calls a second beside them: nothing fails, and a stream weighs little.
import { type LoadReport, openCaller, openLoop, percentile } from '#test/support/open-loop.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { mebibytes, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { readSlowly, type SlowReader } from '#test/support/slow-reader.ts'
import { ms, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const STREAMS = 1_000
const AT_ONCE = 50
const RATE = 300
const CALLS = 10 * RATE
/** For a second thousand: the first also pays for a heap that has never been so large. */
const LIMIT = 40 * 1_048_576

await tellStory(`${STREAMS} idle streams and ${RATE} calls/s beside them`, async story => {
  const tool = await startScripted()
  story.later(tool.close)
  const router = await startRouterProcess(
    documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools'])),
  )
  story.later(router.close)
  await router.untilUp('tools', 1)
  const caller = openCaller(router.mcpUrl)
  story.later(caller.close)
  const echo = modernRequest('tools/call', callParams('echo'))
  const run = async (): Promise<LoadReport> => {
    const load = openLoop(RATE, () => caller.call(echo))
    await until('the calls to be sent', () => load.sent() >= CALLS, 60_000)
    return load.stop()
  }
  const idle = modernRequest('tools/call', callParams('idle_stream'), { progressToken: 'p' })
  const open: SlowReader[] = []
  let broken = 0
  const openMore = async (): Promise<void> => {
    const wanted = open.length + STREAMS
    while (open.length < wanted) {
      const more = Array.from({ length: AT_ONCE }, () => readSlowly(router.mcpUrl, idle))
      open.push(...(await Promise.all(more)))
    }
    for (const stream of open.slice(-STREAMS)) stream.drain().catch(() => (broken += 1))
    await until('them to be carried', async () => (await router.view()).calls.streams === wanted)
  }

  const alone = await run() // also warms the router, whose own growth is not the streams'
  const before = router.rss()
  await openMore()
  const opened = router.rss()
  const beside = await run()
  const loaded = router.rss()
  const { streams } = (await router.view()).calls
  const isWhole = streams === STREAMS && broken === 0
  story.hold('streams open after the calls', `${streams}, ${broken} broken`, isWhole)
  const failed = alone.failures.length + beside.failures.length
  story.hold('calls that failed', `${failed} of ${alone.sent + beside.sent}`, failed === 0)
  story.tell('calls alone', timesOf(alone))
  story.tell('calls beside the streams', timesOf(beside))
  story.tell('memory a stream, just opened', kibibytes(opened - before))
  story.tell('memory a stream, after the calls', kibibytes(loaded - before))
  await openMore()
  await run()
  const more = router.rss() - loaded
  story.hold(
    `another ${STREAMS}, held to ${mebibytes(LIMIT)}`,
    `${mebibytes(more)}, ${kibibytes(more)} a stream`,
    more <= LIMIT,
  )
  for (const stream of open) stream.leave()
  await until('every stream to be over', async () => (await router.view()).calls.streams === 0)
  story.tell('after they left', '0 streams carried')
})

function timesOf({ latencies }: LoadReport): string {
  return `median ${ms(percentile(latencies, 0.5))}, 99 of 100 within ${ms(percentile(latencies, 0.99))}`
}

function kibibytes(bytes: number): string {
  return `${(bytes / STREAMS / 1_024).toFixed(1)} KiB`
}
