// What becomes of a call at a replica that is well, or is not: whether it runs, after how long something comes, and what.
import type { Random } from '#foundation/clock.ts'
import type { Wire } from './wire.ts'

/** `dead` is not asked: nobody is there. */
export type Condition = 'dead' | keyof typeof PLANS

export interface Plan {
  readonly runs: boolean
  readonly ms: number
  /** Undefined: nothing ever comes. */
  readonly answer: ((wire: Wire) => void) | undefined
}

interface Asked {
  /** Of the message, in JSON. */
  readonly id: unknown
  /** What a call takes where all is well. */
  readonly ms: number
  readonly mayRun: boolean
}

const JSON_HEAD = { 'content-type': 'application/json' }

const message = ({ id }: Pick<Asked, 'id'>, body: object): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...body }))

const result = (asked: Asked, more: object = {}): Buffer =>
  message(asked, { result: { content: [], resultType: 'complete', ...more } })

const whole =
  (body: Buffer): NonNullable<Plan['answer']> =>
  wire =>
    wire.answer(200, JSON_HEAD, body)

const status =
  (code: number, headers: Record<string, string> = {}): NonNullable<Plan['answer']> =>
  wire =>
    wire.answer(code, headers, undefined)

const PLANS = {
  well: (asked: Asked): Plan => ({ runs: true, ms: asked.ms, answer: whole(result(asked)) }),
  slow: (asked: Asked): Plan => ({ runs: true, ms: 10 * asked.ms, answer: whole(result(asked)) }),
  hung: ({ ms, mayRun }: Asked): Plan => ({ runs: mayRun, ms, answer: undefined }),
  failing: ({ mayRun }: Asked): Plan => ({ runs: mayRun, ms: 1, answer: status(503) }),
  turning_away: (): Plan => ({
    runs: false,
    ms: 1,
    answer: status(503, { 'x-ringmain-not-executed': '1', 'retry-after': '1' }),
  }),
  throttling: (): Plan => ({ runs: false, ms: 1, answer: status(429, { 'retry-after': '1' }) }),
  resetting: ({ ms, mayRun }: Asked): Plan => ({
    runs: mayRun,
    ms,
    answer: wire => wire.fail('ECONNRESET'),
  }),
  garbling: ({ ms }: Asked): Plan => ({
    runs: true,
    ms,
    answer: whole(Buffer.from('{"jsonrpc":"2.0","id"')),
  }),
  breaking_off: (asked: Asked): Plan => ({
    runs: true,
    ms: asked.ms,
    answer: wire => wire.breakOff(JSON_HEAD, result(asked)),
  }),
  internal_error: (asked: Asked): Plan => ({
    runs: true,
    ms: asked.ms,
    answer: whole(message(asked, { error: { code: -32_603, message: 'it broke' } })),
  }),
  tool_error: (asked: Asked): Plan => ({
    runs: true,
    ms: asked.ms,
    answer: whole(result(asked, { isError: true })),
  }),
} as const

export const CONDITIONS: readonly Condition[] = ['dead', ...(Object.keys(PLANS) as Condition[])]

export function planFor(
  condition: Exclude<Condition, 'dead'>,
  asked: { readonly id: unknown; readonly serviceMs: number },
  random: Random,
): Plan {
  const ms = asked.serviceMs * (0.5 + random())
  return PLANS[condition]({ id: asked.id, ms, mayRun: random() < 0.5 })
}

/** What is no call: the beginning and the end of a legacy session, and notifications. Opens a session with `opened`. */
export function wordFor(
  condition: Exclude<Condition, 'dead'>,
  { id, method }: { readonly id: unknown; readonly method: string | undefined },
  opened: () => string,
): Plan {
  const ms = 1
  const word = (answer: Plan['answer']): Plan => ({ runs: false, ms, answer })
  if (condition === 'hung') return word(undefined)
  if (condition === 'failing') return word(status(503))
  if (condition === 'resetting') return word(wire => wire.fail('ECONNRESET'))
  if (method !== 'initialize') return word(status(method === undefined ? 204 : 202))
  const body = { result: { protocolVersion: '2025-11-25', capabilities: {} } }
  const head = { ...JSON_HEAD, 'mcp-session-id': opened() }
  return word(wire => wire.answer(200, head, message({ id }, body)))
}

/** A session that it does not know; nothing ran. */
export const FORGOTTEN: Plan = { runs: false, ms: 1, answer: status(404) }
