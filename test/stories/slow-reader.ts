// A result of 100 MB through a slow reader: the router's memory stays flat, and other calls do not notice.
import { openCaller, openLoop, percentile } from '#test/support/open-loop.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { mebibytes, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { readSlowly } from '#test/support/slow-reader.ts'
import { ms, tellStory } from '#test/support/story.ts'

const SIZE = 100_000_000
const BYTES_PER_SECOND = 10_000_000
const RATE = 50
/** Half of it: what the router's own calls leave behind meanwhile is some of that. */
const LIMIT = SIZE / 2

await tellStory('a result of 100 MB through a reader of 10 MB/s', async story => {
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
  const load = openLoop(RATE, () => caller.call(echo))
  for (const stream of [false, true]) {
    const params = (n: number) => callParams('bytes', { n, stream })
    await (await readSlowly(router.mcpUrl, modernRequest('tools/call', params(SIZE)))).drain()
    const before = router.rss()
    let most = 0
    const watching = setInterval(() => (most = Math.max(most, router.rss())), 50)
    const reader = await readSlowly(router.mcpUrl, modernRequest('tools/call', params(SIZE)))
    const bytes = await reader.drain(BYTES_PER_SECOND)
    clearInterval(watching)
    const form = stream ? 'one event' : 'JSON'
    story.hold(`${form}: read whole`, mebibytes(bytes), bytes > SIZE)
    story.tell(`${form}: memory of the router at most`, mebibytes(most))
    story.hold(`${form}: of which by this answer`, mebibytes(most - before), most - before < LIMIT)
  }
  const { sent, failures, latencies } = await load.stop()
  story.hold(
    'other calls that failed meanwhile',
    `${failures.length} of ${sent}`,
    failures.length === 0,
  )
  story.tell(
    'their median and slowest',
    `${ms(percentile(latencies, 0.5))}, ${ms(latencies.at(-1) ?? 0)}`,
  )
})
