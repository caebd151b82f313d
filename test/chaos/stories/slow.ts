// R3: one of three replicas becomes ten times slower. It is given next to nothing, and callers hardly notice. Three times over, each held
// against the seconds just before it: of 4,500 calls the slowest hundredth are 45, which one pause of the machine can make or unmake.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '#test/support/open-loop.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, latencies, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { percentOf, share } from '../kit/picks.ts'
import { type Stage, setStage } from '../kit/stage.ts'

const RATE = 300
const USUAL_MS = 20
const WINDOW_MS = 15_000
const TIMES = 3
/** Less than its third is enough to say that it is one of them again. */
const BACK_SHARE = 0.2
const LOOK_MS = 1_000
const BACK_LIMIT_MS = 60_000

interface Turn {
  readonly to: number
  readonly all: number
  readonly healthyMs: number
  readonly slowMs: number
}

async function turnSlow(stage: Stage): Promise<Turn> {
  const { victim } = stage
  const healthyMs = nowMs()
  await pause(WINDOW_MS)
  const slowMs = nowMs()
  victim.replica.behave({ delayMs: 10 * USUAL_MS })
  const { to, all } = await share(stage, victim, WINDOW_MS)
  victim.replica.behave({ delayMs: USUAL_MS })
  const isBack = async (): Promise<boolean> => {
    const given = await share(stage, victim, LOOK_MS)
    return given.to >= BACK_SHARE * given.all
  }
  await until('it to be given its part again', isBack, BACK_LIMIT_MS)
  return { to, all, healthyMs, slowMs }
}

async function play(story: Story): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: USUAL_MS } })
  const load = stage.calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('router and replicas to be warm', () => load.sent() >= 4 * RATE)
  const turns: Turn[] = []
  for (let turn = 0; turn < TIMES; turn += 1) turns.push(await turnSlow(stage))
  await load.stop()
  story.hold(
    'its share from the first moment, at most 1 % each time',
    turns.map(({ to, all }) => percentOf(to, all)).join('; '),
    turns.every(({ to, all }) => to <= 0.01 * all),
  )
  holdTail(story, stage, turns)
  const failed = stage.calls.told.filter(({ fate }) => fate !== 'done')
  story.hold('calls that failed', `${failed.length}: ${wordsOf(failed)}`, failed.length === 0)
  await stage.holdPromises()
}

/** By the median of the turns, each of which has a measure of its own. */
function holdTail(story: Story, { calls: { told } }: Stage, turns: readonly Turn[]): void {
  const p99 = (fromMs: number): number =>
    percentile(latencies(between(told, fromMs, fromMs + WINDOW_MS)), 0.99)
  const tails = turns.map(({ healthyMs, slowMs }) => ({ was: p99(healthyMs), is: p99(slowMs) }))
  const ratios = tails.map(({ was, is }) => is / was)
  const median = percentile(
    ratios.toSorted((a, b) => a - b),
    0.5,
  )
  story.hold(
    'p99 healthy and with the slow one, at most 1.5 times by the median',
    tails.map(({ was, is }) => `${ms(was)}, ${ms(is)}: ${(is / was).toFixed(2)}`).join('; '),
    median <= 1.5,
  )
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R3: one of three replicas ten times slower at ${RATE} calls/s`, play)
