// A caller who leaves is felt at the tool server within 50 ms, in both eras, before the first byte and in a stream.
import { percentile } from '#test/support/open-loop.ts'
import { legacyCall, modernCall } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { ms, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const TIMES = 200
const LIMIT_MS = 50

await tellStory(`${TIMES} callers who leave`, async story => {
  const tool = await startScripted()
  story.later(tool.close)
  const router = await startRouterProcess(
    documents(clusterOf('tools', [tool.url]), serverOf('default', ['tools'])),
  )
  story.later(router.close)
  await router.untilUp('tools', 1)
  const took: number[] = []
  for (let count = 0; count < TIMES; count += 1) {
    const name = count % 2 === 0 ? 'hang_before_headers' : 'idle_stream'
    const call = count % 4 < 2 ? modernCall : legacyCall
    const leaving = new AbortController()
    const answer = call(router.mcpUrl, name, {}, { signal: leaving.signal }).catch(() => undefined)
    await until('the tool to run', () => tool.executions() === count + 1)
    const leftMs = performance.now()
    leaving.abort()
    await until('the tool to be left', () => tool.aborts.length === count + 1)
    took.push((tool.aborts[count]?.atMs ?? Number.POSITIVE_INFINITY) - leftMs)
    await answer
  }
  took.sort((a, b) => a - b)
  story.tell('felt at the tool, median', ms(percentile(took, 0.5)))
  story.tell('99 of 100', ms(percentile(took, 0.99)))
  const most = took.at(-1) ?? Number.POSITIVE_INFINITY
  story.hold(`at most, held to ${LIMIT_MS} ms`, ms(most), most <= LIMIT_MS)
})
