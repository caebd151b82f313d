// The loop that watches one Consul query. It never ends by itself: whatever comes back, the next question follows,
// at a pace that a churning index, a failing agent or a refusing one cannot raise.
import type { ConsulAnswer, ConsulFault, ConsulOutcome } from './consul-http.ts'
import { backOffMs, type DiscoveryPorts } from './ports.ts'
import { createQueryPace } from './query-pace.ts'

const REFUSED_MS = 30_000
/** How often somebody is looked for who has acted on a refusal. */
const RENEWAL_MS = 5_000
/** An agent that is not running costs a packet to ask; its return is to be noticed soon. */
const MOST_NOBODY_MS = 5_000

export interface BlockingQuery {
  /** Without an index a plain read; with one it hangs until the index moves. */
  readonly ask: (index: bigint | undefined, signal: AbortSignal) => Promise<ConsulOutcome>
  /** Takes the answer; says whether it held news, or why it is none. */
  readonly take: (answer: ConsulAnswer) => 'news' | 'quiet' | ConsulFault
  readonly fail: (fault: ConsulFault) => void
  /** Whether what was refused may be granted now: another token, another certificate. */
  readonly isRenewed?: () => Promise<boolean>
}

export async function runBlockingQuery(
  query: BlockingQuery,
  ports: Pick<DiscoveryPorts, 'clock' | 'random' | 'wait'>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, wait } = ports
  const pace = createQueryPace(clock)
  let index: bigint | undefined
  let failuresInRow = 0
  for (;;) {
    const pauseMs = pace.take()
    if (pauseMs > 0) await wait(pauseMs, signal)
    if (signal.aborted) return
    const outcome = await query.ask(index, signal)
    if (signal.aborted) return
    const step = takeStep(query, outcome, index)
    if ('fault' in step) {
      // A restored or another agent may be at a lower index, and would hold a query for the old one: read plainly first.
      index = undefined
      failuresInRow += 1
      query.fail(step.fault)
      if (step.fault.kind === 'refused') await untilRenewed(query, wait, signal)
      else await wait(backOffMs(failuresInRow, random, mostMsAfter(step.fault)), signal)
      continue
    }
    failuresInRow = 0
    pace.woke(step.hadNews)
    index = step.index
  }
}

const mostMsAfter = ({ isNobody }: ConsulFault) => (isNobody === true ? MOST_NOBODY_MS : undefined)

async function untilRenewed(
  { isRenewed }: BlockingQuery,
  wait: DiscoveryPorts['wait'],
  signal: AbortSignal,
): Promise<void> {
  if (isRenewed === undefined) return wait(REFUSED_MS, signal)
  for (let waitedMs = 0; waitedMs < REFUSED_MS; waitedMs += RENEWAL_MS) {
    await wait(RENEWAL_MS, signal)
    if (signal.aborted || (await isRenewed())) return
  }
}

type Step =
  | { readonly index: bigint | undefined; readonly hadNews: boolean }
  | { readonly fault: ConsulFault }

function takeStep(query: BlockingQuery, outcome: ConsulOutcome, last: bigint | undefined): Step {
  if ('fault' in outcome) return outcome
  const text = outcome.answer.index
  if (text === undefined || !/^[0-9]{1,20}$/.test(text))
    return {
      fault: {
        kind: 'garbled',
        says: `Consul answered without a usable X-Consul-Index${text === undefined ? '' : `: ${text.slice(0, 40)}`}`,
      },
    }
  const taken = query.take(outcome.answer)
  if (typeof taken === 'object') return { fault: taken }
  return { index: nextIndex(BigInt(text), last), hadNews: taken === 'news' }
}

/** An index below the last one belongs to another history; an index of 0 would not block at all. */
function nextIndex(got: bigint, last: bigint | undefined): bigint | undefined {
  if (got === 0n) return 1n
  return last !== undefined && got < last ? undefined : got
}
