// R6: one of three replicas dies and comes back every three seconds. `--for=2m` flaps for as long as the bar says.
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { mustParseDuration } from '#foundation/duration.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { wordsOf } from '../kit/calls.ts'
import { percentOf } from '../kit/picks.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 300
const EACH_MS = 3_000
const LEAST = 0.999

const { values } = parseArgs({ options: { for: { type: 'string', default: '30s' } } })

const forMs = mustParseDuration(values.for)

async function play(story: Story): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: 10 } })
  const { victim } = stage
  const load = stage.calls.steady(RATE, count => ({ tool: count % 4 === 0 ? 'act' : 'echo' }))
  await until('router and replicas to be warm', () => load.sent() >= 2 * RATE)
  const untilMs = performance.now() + forMs
  let deaths = 0
  for (; performance.now() < untilMs; deaths += 1) {
    await victim.replica.kill()
    await pause(EACH_MS)
    await victim.replica.start()
    await pause(EACH_MS)
  }
  await load.stop()
  story.tell('deaths', String(deaths))
  const reads = stage.calls.told.filter(({ tool }) => tool === 'echo')
  const good = reads.filter(({ fate }) => fate === 'done').length
  const isGood = good >= LEAST * reads.length
  story.hold(
    'calls that only read and succeeded, at least 99.9 %',
    percentOf(good, reads.length),
    isGood,
  )
  const failed = stage.calls.told.filter(({ fate }) => fate !== 'done')
  story.tell('calls that failed', `${failed.length}: ${wordsOf(failed)}`)
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R6: one of three replicas up and down every 3 s for ${values.for}`, play)
