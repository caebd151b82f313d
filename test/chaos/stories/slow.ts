// R3: one of three replicas becomes ten times slower. It is given next to nothing, and callers hardly notice.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '#test/support/open-loop.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, latencies, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { percentOf, share } from '../kit/picks.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 300
const USUAL_MS = 20
const WINDOW_MS = 15_000

async function play(story: Story): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: USUAL_MS } })
  const { victim } = stage
  const load = stage.calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('router and replicas to be warm', () => load.sent() >= 4 * RATE)
  const healthyMs = nowMs()
  await pause(WINDOW_MS)
  const slowMs = nowMs()
  victim.replica.behave({ delayMs: 10 * USUAL_MS })
  const { to, all } = await share(stage, victim, WINDOW_MS)
  await load.stop()
  story.hold('its share from the first moment, at most 1 %', percentOf(to, all), to <= 0.01 * all)
  const { told } = stage.calls
  const p99 = (fromMs: number): number =>
    percentile(latencies(between(told, fromMs, fromMs + WINDOW_MS)), 0.99)
  const [was, is] = [p99(healthyMs), p99(slowMs)]
  story.hold(
    'p99 healthy, and with the slow one, at most 1.5 times',
    `${ms(was)}, ${ms(is)}: ${(is / was).toFixed(2)}`,
    is <= 1.5 * was,
  )
  const failed = told.filter(({ fate }) => fate !== 'done')
  story.hold('calls that failed', `${failed.length}: ${wordsOf(failed)}`, failed.length === 0)
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R3: one of three replicas ten times slower at ${RATE} calls/s`, play)
