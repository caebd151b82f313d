// Never twice, counted by the tools: calls with an effect under random kills, resets, timeouts, refusals and broken answers. None runs
// twice, and whoever is told that a call did not run is told the truth. Of three calls one is modern, one legacy, and one legacy in a session
// that its caller opens anew when it is lost. `--calls=100000` for the whole bar, `--seed=N` for the same faults.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { seededRandom } from '#foundation/clock.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { type Asking, type Fate, wordsOf } from '../kit/calls.ts'
import { makeMischief } from '../kit/mischief.ts'
import { type HeldSession, holdSessions } from '../kit/sessions.ts'
import { setStage } from '../kit/stage.ts'

const RATE = 600
const SESSIONS = 40
const FIRST_BYTE_MS = 1_000
/** Over which all must have been sent, for each call that is due. */
const PATIENCE = 3

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const [wanted, seed] = [Number(values.calls), Number(values.seed)]

function askingOf(count: number, sessions: readonly HeldSession[]): Asking {
  if (count % 3 === 0) return { tool: 'act' }
  const session = count % 3 === 1 ? sessions[count % sessions.length] : undefined
  return { tool: 'act', era: 'legacy', session }
}

async function play(story: Story): Promise<void> {
  story.tell('seed', String(seed))
  const stage = await setStage(story, {
    replicas: 4,
    hasProxies: true,
    cluster: {
      timeouts: { firstByte: `${FIRST_BYTE_MS}ms`, idle: '2s' },
      health: { interval: '300ms', timeout: '250ms', rise: 1, fall: 2 },
    },
    env: { RINGMAIN_LOG_LEVEL: 'error' },
  })
  let isOver = (): boolean => false
  const sessions = await holdSessions(stage.router.mcpUrl, SESSIONS, () => isOver())
  const load = stage.calls.steady(RATE, count => askingOf(count, sessions))
  isOver = () => load.sent() >= wanted
  const mischief = makeMischief(stage.places, seededRandom(seed), isOver)
  await until('all calls to be sent', isOver, (PATIENCE * 1_000 * wanted) / RATE)
  const { sent, perSecond } = await load.stop()
  const done = [...(await mischief)].map(([name, count]) => `${count} × ${name}`)
  story.tell('faults', done.join(', '))
  const of = (fate: Fate): number => stage.calls.told.filter(one => one.fate === fate).length
  story.tell(
    'calls',
    `${sent} at ${perSecond.toFixed(0)}/s, load of the machine ${loadavg()[0]?.toFixed(1)}`,
  )
  story.tell(
    'done, said not to have run, unknown',
    `${of('done')}, ${of('not_done')}, ${of('unknown')}`,
  )
  story.tell(
    'sessions opened anew',
    String(sessions.reduce((sum, { renewals }) => sum + renewals.length, 0)),
  )
  story.tell('in words', wordsOf(stage.calls.told.filter(({ fate }) => fate !== 'done')))
  const unknown = stage.calls.told.filter(({ fate }) => fate === 'unknown')
  const ran = stage.ledger.executions()
  story.tell('of the unknown ran', String(unknown.filter(({ call }) => ran.has(call)).length))
  await stage.holdPromises()
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`executions: ${wanted} calls with an effect under random faults`, play)
