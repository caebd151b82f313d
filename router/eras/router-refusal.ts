// What a router that stands behind this one refused, read back, so that its caller is told the same. That it ran nothing is said by a header: what
// a tool puts into its result may be the refusal of another call, which it made itself and hands on.

import { plainText } from '#foundation/plain-text.ts'
import { type RefusalCode, refusals, shapeOf } from '#foundation/refusals.ts'
import type { Attempt } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { isRecord } from './message.ts'
import { META } from './versions.ts'

/** Largest refusal that is read. */
const MOST_BYTES = 65_536
/** Of its words, in characters. */
const LONGEST_WORDS = 500

const DETAIL = 'the replica is a router, and says so'

export async function routerRefusal({
  body,
}: Pick<Extract<Attempt, { kind: 'answered' }>, 'body'>): Promise<Refusal> {
  const bytes = await body.collect(MOST_BYTES)
  const problem = typeof bytes === 'string' ? undefined : problemIn(bytes)
  const code = problem?.['code']
  if (problem === undefined || !isUndone(code))
    return { code: 'RINGMAIN_NO_HEALTHY_REPLICA', detail: DETAIL, retryAfterMs: 1_000 }
  const { says, retryAfterMs } = problem
  const own = shapeOf(code).says
  const more = typeof says === 'string' && says.startsWith(`${own} `) ? says.slice(own.length) : ''
  return {
    code,
    detail: DETAIL,
    ...(more === '' ? {} : { says: plainText(more.trim(), LONGEST_WORDS) }),
    ...(Number.isSafeInteger(retryAfterMs)
      ? { retryAfterMs: Math.max(0, Number(retryAfterMs)) }
      : {}),
  }
}

/** One of ours, and one of a call that did not run. */
const isUndone = (code: unknown): code is RefusalCode =>
  typeof code === 'string' &&
  Object.hasOwn(refusals, code) &&
  shapeOf(code as RefusalCode).executed === 'no'

function problemIn(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const message: unknown = JSON.parse(bytes.toString())
    const within = isRecord(message) ? (message['result'] ?? message['error']) : undefined
    if (!isRecord(within)) return undefined
    const [meta, data] = [within['_meta'], within['data']]
    const problem = isRecord(meta) ? meta[META.problem] : isRecord(data) && data['problem']
    return isRecord(problem) ? problem : undefined
  } catch {
    return undefined // no JSON, so no words of a router
  }
}
