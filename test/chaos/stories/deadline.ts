// R11: no call outlives its deadline, whoever set it, and a caller who leaves is felt at the tool at once.
import { percentile } from '#test/support/open-loop.ts'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'
import { type Asking, latencies, wordsOf } from '../kit/calls.ts'
import { nowMs } from '../kit/ledger.ts'
import { type Stage, setStage } from '../kit/stage.ts'

const CALLS = 500
const RATE = 100
const POLICY_MS = 800
const CALLER_MS = 300
/** What a deadline may be late by; a turn of the loop here and there comes on top. */
const LATE_MS = 50
const TURN_MS = 10
const ABORT_MS = 50
const LONG = { delayMs: 5_000 }

async function play(story: Story): Promise<void> {
  const deadline = { default: `${POLICY_MS}ms` }
  // Every call of this story waits, so all of them stand at once.
  const connections = { perEndpoint: 1_000 }
  const stage = await setStage(story, { cluster: { deadline, connections } })
  await late(story, stage, { by: 'policy', limitMs: POLICY_MS, asking: {} })
  const headers = { 'x-ringmain-deadline-ms': String(CALLER_MS) }
  await late(story, stage, { by: 'caller', limitMs: CALLER_MS, asking: { headers } })
  await aborts(story, stage)
  await stage.holdPromises()
}

async function late(
  story: Story,
  { calls }: Stage,
  {
    by,
    limitMs,
    asking,
  }: { readonly by: string; readonly limitMs: number; readonly asking: Partial<Asking> },
): Promise<void> {
  const before = calls.told.length
  const load = calls.steady(RATE, count => ({
    tool: count % 2 === 0 ? 'echo' : 'act',
    args: LONG,
    ...asking,
  }))
  await until('all of them to be sent', () => load.sent() >= CALLS)
  await load.stop()
  const told = calls.told.slice(before)
  const beyond = latencies(told).map(took => took - limitMs)
  const most = beyond.at(-1) ?? Number.NaN
  story.tell(`deadline of the ${by}, beyond it, median`, ms(percentile(beyond, 0.5)))
  story.hold(
    `deadline of the ${by}, at most beyond it, 50 ms and a turn`,
    `${ms(most)}, of ${told.length} calls`,
    most <= LATE_MS + TURN_MS,
  )
  story.tell(`deadline of the ${by}, what callers were told`, wordsOf(told))
}

async function aborts(story: Story, { calls, ledger }: Stage): Promise<void> {
  const leftMs = new Map<string, number>()
  const one = async (count: number): Promise<void> => {
    const leaving = new AbortController()
    const answer = calls.one({
      tool: count % 2 === 0 ? 'echo' : 'act',
      args: LONG,
      signal: leaving.signal,
    })
    const ran = ledger.entries('ran').length
    await until('the tool to run', () => ledger.entries('ran').length > ran)
    const atMs = nowMs()
    leaving.abort()
    leftMs.set((await answer).call, atMs)
  }
  for (let count = 0; count < CALLS; count += 1) await one(count)
  const told = calls.told.filter(({ fate }) => fate === 'left')
  const felt = (): readonly number[] =>
    ledger.entries('left').flatMap(({ call, atMs }) => {
      const fromMs = leftMs.get(call)
      return fromMs === undefined ? [] : [atMs - fromMs]
    })
  await until('the tools to be left', () => felt().length >= told.length).catch(() => undefined)
  const took = felt().toSorted((a, b) => a - b)
  const most = took.at(-1) ?? Number.NaN
  story.tell(
    'felt, median and 99 of 100',
    `${ms(percentile(took, 0.5))}, ${ms(percentile(took, 0.99))}`,
  )
  story.hold(
    'a caller who leaves is felt at the tool, at most 50 ms after',
    `${ms(most)}, ${took.length} of ${told.length} were felt`,
    took.length === told.length && most <= ABORT_MS,
  )
}

if (await inOwnNetwork(import.meta.filename))
  await tellStory(`R11: deadlines and callers who leave, ${CALLS} calls each`, play)
