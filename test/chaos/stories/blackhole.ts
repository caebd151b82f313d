// R2: packets to one of three replicas vanish. Each call that was there costs its caller one deadline and no more, the replica is out
// within two seconds, and five seconds later callers do not feel it any more.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '#test/support/open-loop.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, latencies, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { blackhole } from '../kit/network-faults.ts'
import { lastPick } from '../kit/picks.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 300
const DEADLINE_MS = 1_000
/** What a deadline may be late by. */
const SLACK_MS = 50
const NORMAL_AFTER_MS = 5_000
const WINDOW_MS = 4_000

async function play(story: Story): Promise<void> {
  const deadline = { default: `${DEADLINE_MS}ms` }
  const stage = await setStage(story, { mood: { delayMs: 10 }, cluster: { deadline } })
  const { victim } = stage
  const load = stage.calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('router and replicas to be warm', () => load.sent() >= 3 * RATE)
  await pause(WINDOW_MS)
  const beganMs = nowMs()
  const fault = blackhole(victim.port)
  story.later(fault.lift)
  const pickedMs = await lastPick(stage, victim, beganMs, NORMAL_AFTER_MS)
  story.hold('last call given to it, at most 2 s', `${ms(pickedMs)} after`, pickedMs <= 2_000)
  await pause(WINDOW_MS)
  fault.lift()
  await until(
    'it to be in service again',
    async () => (await stage.endpoint(victim)).health === 'up',
  )
  const { sent } = await load.stop()
  story.tell('calls', `${sent} at ${RATE}/s`)
  const { told } = stage.calls
  const longest = latencies(told).at(-1) ?? 0
  const mostMs = DEADLINE_MS + SLACK_MS
  story.hold(`longest call, at most ${ms(mostMs)}`, ms(longest), longest <= mostMs)
  const failed = told.filter(({ fate }) => fate !== 'done')
  story.tell('calls that failed', `${failed.length}: ${wordsOf(failed)}`)
  const reads = failed.filter(({ tool }) => tool === 'echo')
  story.tell('of which only read', String(reads.length))
  const p99 = (fromMs: number): number =>
    percentile(latencies(between(told, fromMs, fromMs + WINDOW_MS)), 0.99)
  const [was, is] = [p99(beganMs - WINDOW_MS), p99(beganMs + NORMAL_AFTER_MS)]
  story.hold(
    'p99 before, and from 5 s after, at most 1.5 times',
    `${ms(was)}, ${ms(is)}: ${(is / was).toFixed(2)}`,
    is <= 1.5 * was,
  )
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R2: a black hole instead of one of three replicas at ${RATE} calls/s`, play)
