// R5: every replica fails for ten seconds. The router must not make it worse by trying again, and must be back soon after they are.
// What arrives is counted in front of the replicas, by what was written there.
import { setTimeout as pause } from 'node:timers/promises'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { type Stage, setStage } from '../kit/stage.ts'
import { resetPeer, seen, type Toxic } from '../kit/toxics.ts'

const RATE = 300
const OUTAGE_MS = 10_000
const FIRST_SECOND = 1.5
const LATER = 1.25
const RECOVERY_MS = 5_000
const GOOD_AGAIN = 0.99
/** Over which a share of successes is taken. */
const STEP_MS = 500

type Kind = 'resets' | 'answers 503'

async function play(story: Story, kind: Kind): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: 10 }, hasProxies: true })
  const attempts: number[] = []
  const counted = seen(chunk => {
    if (chunk.includes('"tools/call"')) attempts.push(nowMs())
  })
  through(stage, [counted])
  for (const { proxy } of stage.places) proxy?.reset() // connections of checks were made before
  const load = stage.calls.steady(RATE, () => ({ tool: 'echo' }))
  await until('router and replicas to be warm', () => load.sent() >= 3 * RATE)
  if (attempts.length < RATE) throw new Error(`only ${attempts.length} attempts were counted`)
  const beganMs = nowMs()
  begin(stage, kind, counted)
  await pause(OUTAGE_MS)
  for (const { replica } of stage.places) replica.behave({ delayMs: 10 })
  const endedMs = nowMs()
  if (kind === 'resets') through(stage, [counted])
  await pause(RECOVERY_MS + 2_000)
  await load.stop()
  const perSecond = Array.from({ length: Math.floor(OUTAGE_MS / 1_000) }, (_, second) =>
    ratio(stage, attempts, beganMs + 1_000 * second),
  )
  const [first = 0, ...later] = perSecond
  const most = Math.max(...later)
  story.hold(
    `${kind}, attempts for each call in the first second, at most ${FIRST_SECOND}`,
    first.toFixed(2),
    first <= FIRST_SECOND,
  )
  story.hold(
    `${kind}, attempts for each call in each later second, at most ${LATER}`,
    later.map(one => one.toFixed(2)).join(' '),
    most <= LATER,
  )
  const backMs = recoveredAfter(stage, endedMs)
  story.hold(
    `${kind}, 99 of 100 succeed again, at most 5 s after`,
    backMs === undefined ? 'never' : ms(backMs),
    backMs !== undefined && backMs <= RECOVERY_MS,
  )
  const failed = stage.calls.told.filter(({ fate }) => fate !== 'done')
  story.tell(`${kind}, calls that failed`, `${failed.length}: ${wordsOf(failed)}`)
  await stage.holdPromises()
}

function begin(stage: Stage, kind: Kind, counted: Toxic): void {
  if (kind === 'answers 503')
    for (const { replica } of stage.places) replica.behave({ delayMs: 10, refuseWith: 503 })
  else {
    through(stage, [counted, resetPeer(0)])
    for (const { proxy } of stage.places) proxy?.reset() // so that those to come have the toxics
  }
}

const through = ({ places }: Stage, there: readonly Toxic[]): void => {
  for (const { proxy } of places) proxy?.set(() => ({ there }))
}

function ratio({ calls }: Stage, attempts: readonly number[], fromMs: number): number {
  const arrived = attempts.filter(atMs => atMs >= fromMs && atMs < fromMs + 1_000).length
  return arrived / Math.max(1, between(calls.told, fromMs, fromMs + 1_000).length)
}

/** From here on every half second is good. */
function recoveredAfter({ calls }: Stage, endedMs: number): number | undefined {
  let backMs: number | undefined
  for (let step = 0; step * STEP_MS < RECOVERY_MS + 1_500; step += 1) {
    const fromMs = endedMs + step * STEP_MS
    const some = between(calls.told, fromMs, fromMs + STEP_MS)
    const good = some.filter(({ fate }) => fate === 'done').length
    if (good < GOOD_AGAIN * some.length) backMs = undefined
    else backMs ??= step * STEP_MS
  }
  return backMs
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R5: all three replicas fail for 10 s at ${RATE} calls/s`, async story => {
    await play(story, 'answers 503')
    await play(story, 'resets')
  })
