// JSON-RPC messages as tool servers write them and as they should not, and what each of them is by its value alone.
import * as fc from 'fast-check'
import { jsonValue } from './properties.ts'

/** The id that an answer must carry. */
export const EXPECTED_ID = 1_000_000_007

const id = fc.oneof(
  fc.constant(EXPECTED_ID),
  fc.constant(String(EXPECTED_ID)),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
  fc.constant(null),
)
const anything = jsonValue(3)
const errors = fc.oneof(
  anything,
  fc.record(
    {
      code: fc.oneof(fc.integer(), fc.double(), fc.constant('1')),
      message: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(null)),
      data: fc.record({ id, code: id, message: anything }),
    },
    { requiredKeys: [] },
  ),
  fc.record({ code: fc.integer(), message: fc.string(), id }),
)
const oddly = (right: unknown, ...wrong: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(right) }, fc.constantFrom(...wrong))
const envelope = fc.record({
  jsonrpc: oddly('2.0', '1.0', 2),
  id: fc.oneof(oddly(EXPECTED_ID, null), id),
})
const told = fc.record({ jsonrpc: oddly('2.0', '1.0', 2) })
const object = fc.record({ id, nested: fc.array(fc.record({ id })) })
const results = fc.oneof(anything, { weight: 2, arbitrary: object })
const members = fc.oneof(
  fc.record({ result: results }),
  fc.record({ error: errors }),
  fc.record({ method: oddly('tools/call', 7, null), params: anything }),
  fc.record(
    { result: results, error: errors, method: fc.constant('id'), 'i"d': anything, odd: errors },
    { requiredKeys: [] },
  ),
)

/** Members in any order, ids at every depth; one in eight lacks something. */
export const rpcMessage: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .tuple(fc.oneof({ weight: 2, arbitrary: envelope }, told), members, fc.nat(7))
  .chain(([head, more, lack]) => {
    const entries = Object.entries({ ...head, ...more })
    const minLength = lack === 0 ? 0 : entries.length
    return fc.shuffledSubarray(entries, { minLength }).map(kept => Object.fromEntries(kept))
  })

export function kindOf(value: unknown): 'answer' | 'request' | 'other' | 'bad' {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'bad'
  const { jsonrpc, id: has, method, result, error } = value as Readonly<Record<string, unknown>>
  const [hasResult, hasError, hasMethod] = ['result', 'error', 'method'].map(key => key in value)
  if (jsonrpc !== '2.0') return 'bad'
  if (hasMethod === true) {
    if (typeof method !== 'string' || hasResult || hasError) return 'bad'
    return has === undefined || has === null ? 'other' : 'request'
  }
  if (has !== EXPECTED_ID || hasResult === hasError) return 'bad'
  if (hasResult === true) return isObject(result) ? 'answer' : 'bad'
  if (!isObject(error)) return 'bad'
  const { code, message } = error as Readonly<Record<string, unknown>>
  return Number.isSafeInteger(code) && typeof message === 'string' ? 'answer' : 'bad'
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
