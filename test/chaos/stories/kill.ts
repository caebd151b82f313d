// R1: one of three replicas is killed under steady calls. What only reads never fails, what has an effect fails only where it was
// under way, and nothing new goes to the dead. Discovery says nothing of it: the document names the replica as ever.
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { lastPick } from '../kit/picks.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 300
const WATCH_MS = 4_000

async function play(story: Story): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: 30 } })
  const { victim } = stage
  const load = stage.calls.steady(RATE, count => ({ tool: count % 2 === 0 ? 'echo' : 'act' }))
  await until('router and replicas to be warm', () => load.sent() >= 4 * RATE)
  const flying = (await stage.endpoint(victim)).inFlight
  const beganMs = nowMs()
  await victim.replica.kill()
  const deadMs = nowMs()
  const pickedMs = await lastPick(stage, victim, deadMs, WATCH_MS)
  story.hold('last call given to the dead, at most 1 s', `${ms(pickedMs)} after`, pickedMs <= 1_000)
  await victim.replica.start()
  const startedMs = nowMs()
  await until(
    'it to be in service again',
    async () => (await stage.endpoint(victim)).health === 'up',
  )
  story.tell('started again, it was in service', `${ms(nowMs() - startedMs)} after`)
  const { sent } = await load.stop()
  story.tell('calls', `${sent} at ${RATE}/s`)
  const failed = stage.calls.told.filter(({ fate }) => fate !== 'done')
  const reads = failed.filter(({ tool }) => tool === 'echo')
  story.hold(
    'calls that only read and failed',
    `${reads.length}: ${wordsOf(reads)}`,
    reads.length === 0,
  )
  const acts = failed.filter(({ tool }) => tool === 'act')
  const meanwhile = between(stage.calls.told, beganMs, deadMs).length
  story.hold(
    'calls with an effect that failed, at most those under way',
    `${acts.length} with ${flying} at the replica and ${meanwhile} sent while it died: ${wordsOf(acts)}`,
    acts.length <= flying + meanwhile,
  )
  const late = failed.filter(({ sentMs }) => sentMs > deadMs)
  story.hold('failures of calls sent when it was dead', `${late.length}`, late.length === 0)
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R1: SIGKILL of one of three replicas at ${RATE} calls/s`, play)
