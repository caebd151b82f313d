// SIGTERM under 300 calls a second: no call in flight is cut, none sent after it is accepted, exit 0 within the limit.
import { Pool } from 'undici'
import { openLoop } from '#test/support/open-loop.ts'
import { callParams, modernRequest } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const RATE = 300
const DRAIN_MS = 20_000
const SLOW_MS = 700

type Fate = 'answered' | 'refused' | 'unreachable' | 'cut'

interface Call {
  readonly sentMs: number
  readonly endedMs: number
  readonly fate: Fate
  readonly says: string
}

await tellStory(`SIGTERM under ${RATE} calls/s`, async story => {
  const tool = await startScripted()
  story.later(tool.close)
  const router = await startRouterProcess(
    documents(
      clusterOf('tools', [tool.url], { connections: { perEndpoint: 1_000 } }),
      serverOf('default', ['tools']),
    ),
    { env: { RINGMAIN_DRAIN: `${DRAIN_MS}ms` } },
  )
  story.later(router.close)
  await router.untilUp('tools', 1)
  const pool = new Pool(new URL(router.mcpUrl).origin, { connections: 512 })
  story.later(() => pool.destroy())
  const calls: Call[] = []
  const one = async (count: number): Promise<undefined> => {
    const sentMs = performance.now()
    // Every third is long enough to be in flight for certain when the signal comes, half of those as streams.
    const name = count % 3 === 0 ? (count % 2 === 0 ? 'slow' : 'one_by_one') : 'echo'
    const request = modernRequest('tools/call', callParams(name, { ms: SLOW_MS }))
    const [fate, says] = await fateOf(pool, request)
    calls.push({ sentMs, endedMs: performance.now(), fate, says })
    return undefined
  }
  const load = openLoop(RATE, one)
  await until('the calls to be under way', () => load.sent() >= 2 * RATE)
  const flying = load.inFlight()
  const signalledMs = performance.now()
  router.kill('SIGTERM')
  await until('it to refuse', () => calls.some(({ fate }) => fate !== 'answered'))
  const refusingMs = Math.min(
    ...calls.filter(({ fate }) => fate !== 'answered').map(({ endedMs }) => endedMs),
  )
  const { code } = await router.exited
  const exitMs = performance.now() - signalledMs
  await load.stop()
  judge(story, calls, { flying, signalledMs, refusingMs })
  story.hold('exit code', String(code), code === 0)
  story.hold(`gone, within ${ms(DRAIN_MS)}`, `${ms(exitMs)} after the signal`, exitMs <= DRAIN_MS)
})

interface Moments {
  readonly flying: number
  readonly signalledMs: number
  /** When the first call was refused. */
  readonly refusingMs: number
}

function judge(story: Story, calls: readonly Call[], moments: Moments): void {
  const { flying, signalledMs, refusingMs } = moments
  const before = calls.filter(({ sentMs }) => sentMs < signalledMs)
  const later = calls.filter(({ sentMs }) => sentMs > refusingMs)
  const count = (some: readonly Call[], fate: Fate): number =>
    some.filter(call => call.fate === fate).length
  story.tell('in flight at the signal', `${flying} calls`)
  const lost = before.filter(({ fate }) => fate === 'cut')
  story.hold('calls sent before it that were cut', String(lost.length), lost.length === 0)
  story.hold(
    'calls sent before it that were answered',
    `${count(before, 'answered')} of ${before.length}`,
    count(before, 'answered') + count(before, 'refused') === before.length,
  )
  story.tell('first refusal', `${ms(refusingMs - signalledMs)} after the signal`)
  story.hold(
    'calls sent after the first refusal that were accepted',
    `${count(later, 'answered')} of ${later.length}`,
    count(later, 'answered') === 0,
  )
  story.tell(
    'what those met',
    `${count(later, 'refused')} refused in words, ${count(later, 'unreachable')} found nobody`,
  )
  story.hold(
    'calls sent after it that were cut without a word',
    String(count(later, 'cut')),
    count(later, 'cut') === 0,
  )
  for (const says of new Set(calls.map(call => call.says))) if (says !== '') story.tell('cut', says)
}

async function fateOf(
  pool: Pool,
  { headers, body }: ReturnType<typeof modernRequest>,
): Promise<[Fate, string]> {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/mcp',
      headers: headers ?? {},
      body: body ?? null,
    })
    const text = await answer.body.text()
    if (answer.statusCode === 503 && text.includes('RINGMAIN_DRAINING')) return ['refused', '']
    const isWhole =
      answer.statusCode === 200 && text.includes('"result"') && !text.includes('"isError"')
    return isWhole ? ['answered', ''] : ['cut', `HTTP ${answer.statusCode}: ${text.slice(0, 200)}`]
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ECONNREFUSED' ? ['unreachable', ''] : ['cut', `${code}: ${message}`]
  }
}
