// The loop that watches one Consul query. It never ends by itself: whatever comes back, the next question follows,
// at a pace that a churning index, a failing agent or a refusing one cannot raise.
import type { ConsulAnswer, ConsulFault, ConsulOutcome } from './consul-http.ts'
import { backOffMs, type DiscoveryPorts } from './ports.ts'
import { createQueryPace } from './query-pace.ts'

/**
 * The longest pauses. With the longest question before them, five seconds to its headers and ten to its end, the next one is
 * asked within 30 s of the return of Consul, however long it was away.
 */
const MOST_MS = 12_000
const REFUSED_MS = 24_000
/** Of the pause after a refusal: routers that share a token must not come back together. */
const REFUSED_JITTER = 0.25
/** How often somebody is looked for who has acted on a refusal. */
const RENEWAL_MS = 5_000
/** An agent that is not running costs a packet to ask; its return is to be noticed soon. */
const MOST_NOBODY_MS = 5_000

export interface BlockingQuery {
  /** Without an index a plain read; with one it hangs until the index moves. */
  readonly ask: (index: bigint | undefined, signal: AbortSignal) => Promise<ConsulOutcome>
  /** Takes the answer; says whether it held news, or why it is none. */
  readonly take: (answer: ConsulAnswer) => 'news' | 'quiet' | ConsulFault
  /** True when another agent is asked next, which has not failed in this row: there is nothing to wait for. */
  readonly fail: (fault: ConsulFault) => boolean
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
  let failedRounds = 0
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
      const isAnotherNext = query.fail(step.fault)
      if (!isAnotherNext) failedRounds += 1
      if (isAnotherNext) await wait(backOffMs(0, random), signal)
      else if (step.fault.kind === 'refused') await untilRenewed(query, ports, signal)
      else await wait(backOffMs(failedRounds, random, mostMsAfter(step.fault)), signal)
      continue
    }
    failedRounds = 0
    pace.woke(step.hadNews)
    index = step.index
  }
}

const mostMsAfter = ({ isNobody }: ConsulFault) => (isNobody === true ? MOST_NOBODY_MS : MOST_MS)

async function untilRenewed(
  { isRenewed }: BlockingQuery,
  { random, wait }: Pick<DiscoveryPorts, 'random' | 'wait'>,
  signal: AbortSignal,
): Promise<void> {
  let leftMs = REFUSED_MS * (1 - REFUSED_JITTER * (1 - random()))
  if (isRenewed === undefined) return wait(leftMs, signal)
  for (; leftMs > 0; leftMs -= RENEWAL_MS) {
    await wait(Math.min(RENEWAL_MS, leftMs), signal)
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
