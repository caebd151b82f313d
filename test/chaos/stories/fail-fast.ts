// R4: one of three replicas turns every call away within a millisecond, and its checks are well. It must not look fast.
import { setTimeout as pause } from 'node:timers/promises'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { wordsOf } from '../kit/calls.ts'
import { percentOf, share } from '../kit/picks.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 300
const USUAL = { delayMs: 10 }
const LEARNED_MS = 10_000
const WINDOW_MS = 8_000

async function play(story: Story, refuseWith: 429 | 503): Promise<void> {
  const stage = await setStage(story, { mood: USUAL })
  const { victim } = stage
  const load = stage.calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('router and replicas to be warm', () => load.sent() >= 3 * RATE)
  victim.replica.behave({ ...USUAL, refuseWith })
  const first = await share(stage, victim, LEARNED_MS)
  story.tell(`${refuseWith}, its share of the first 10 s`, percentOf(first.to, first.all))
  const { to, all } = await share(stage, victim, WINDOW_MS)
  const held = to <= 0.005 * all
  story.hold(`${refuseWith}, its share after 10 s, at most 0.5 %`, percentOf(to, all), held)
  victim.replica.behave(USUAL)
  await pause(1_000)
  await load.stop()
  const failed = stage.calls.told.filter(({ fate }) => fate !== 'done')
  story.tell(`${refuseWith}, calls that failed`, `${failed.length}: ${wordsOf(failed)}`)
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(
    `R4: one of three replicas fails in a millisecond at ${RATE} calls/s`,
    async story => {
      await play(story, 503)
      await play(story, 429)
    },
  )
