// R1 for callers of the legacy era, who live in sessions: one of three replicas is killed, and started anew, under steady calls. The
// sessions that lived there are lost, and no others; each is told so, is opened anew at once, and no call of a session is sent twice.
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { between, type Told, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { holdSessions } from '../kit/sessions.ts'
import { type Stage, setStage } from '../kit/stage.ts'

const RATE = 300
const SESSIONS = 30
/** A session has ten calls a second, so that each hears of its loss in that time. */
const HEARD_MS = 1_000

async function play(story: Story): Promise<void> {
  const stage = await setStage(story, { mood: { delayMs: 30 } })
  const { victim, calls, ledger } = stage
  let isOver = false
  const sessions = await holdSessions(stage.router.mcpUrl, SESSIONS, () => isOver)
  const load = calls.steady(RATE, count => ({
    tool: count % 2 === 0 ? 'echo' : 'act',
    era: 'legacy',
    session: sessions[count % SESSIONS],
  }))
  await until('router and replicas to be warm', () => load.sent() >= 4 * RATE)
  const flying = (await stage.endpoint(victim)).inFlight
  const beganMs = nowMs()
  await victim.replica.kill()
  const deadMs = nowMs()
  await until('two seconds of calls without it', () => nowMs() - deadMs >= 2_000)
  await victim.replica.start()
  await stage.router.untilUp('tools', stage.places.length)
  const backMs = nowMs()
  await until('two seconds of calls with it', () => nowMs() - backMs >= 2_000)
  const { sent } = await load.stop()
  isOver = true
  story.tell('calls', `${sent} at ${RATE}/s in ${SESSIONS} sessions`)
  const lived = homesAt(stage, beganMs)
  const lost = sessions.filter(({ renewals }) => renewals.length > 0)
  story.hold(
    'sessions lost, each once, of those that lived there',
    `${lost.length} of ${lived.size}`,
    lost.length === lived.size &&
      lost.every(({ name, renewals }) => lived.has(name) && renewals.length === 1),
  )
  const renewedMs = Math.max(0, ...lost.flatMap(({ renewals }) => renewals))
  story.hold('slowest to be opened anew, at most 1 s', ms(renewedMs), renewedMs <= HEARD_MS)
  const failed = calls.told.filter(({ fate }) => fate !== 'done')
  const elsewhere = failed.filter(({ session = '' }) => !lived.has(session))
  story.hold(
    'calls that failed in other sessions',
    `${elsewhere.length}: ${wordsOf(elsewhere)}`,
    elsewhere.length === 0,
  )
  const late = failed.filter(({ sentMs }) => sentMs > deadMs + HEARD_MS)
  story.hold(
    'failures of calls sent 1 s after',
    `${late.length}: ${wordsOf(late)}`,
    late.length === 0,
  )
  const unknown = failed.filter(({ fate }) => fate === 'unknown')
  const meanwhile = between(calls.told, beganMs, deadMs).length
  story.hold(
    'calls that may have run, at most those under way',
    `${unknown.length} with ${flying} at the replica and ${meanwhile} sent while it died`,
    unknown.length <= flying + meanwhile,
  )
  const again = [...ledger.executions().values()].filter(count => count > 1).length
  story.hold('calls of a session that ran twice, reads too', String(again), again === 0)
  await stage.holdPromises()
}

/** Sessions of which the victim had run a call by then. */
function homesAt({ victim, calls, ledger }: Stage, atMs: number): ReadonlySet<string> {
  const there = new Set(
    ledger
      .entries('ran')
      .filter(({ replica, atMs: ranMs }) => replica === victim.replica.name && ranMs < atMs)
      .map(({ call }) => call),
  )
  const named = calls.told.filter(({ call }: Told) => there.has(call))
  return new Set(named.flatMap(({ session }) => session ?? []))
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R1: SIGKILL of one of three replicas, legacy callers at ${RATE} calls/s`, play)
