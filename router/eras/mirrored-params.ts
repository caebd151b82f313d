// Arguments that a tool mirrors into `Mcp-Param-*` headers: held against the headers that came, and written anew for the ones that go.
// The body is the truth; a header that says otherwise, or is missing, fails the call (2026-07-28, transports, Custom Headers).
import type { Decoded, Mirror, ToolFacts } from '#router/facts.ts'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'
import { isRecord } from './message.ts'

export type HeaderList = ReadonlyArray<readonly [string, string]>

export type Mirrored =
  /** `dropped`: headers that no argument of this tool is mirrored into. `isUnchecked`: which these are is not known. */
  | {
      readonly kind: 'ok'
      readonly headers: HeaderList
      readonly dropped: number
      readonly isUnchecked?: true
    }
  | { readonly kind: 'mismatch'; readonly header: string; readonly says: string }

/** Longer ones are not decoded: a mirrored value is there to be routed by. */
const MOST_CHARS = 8_192
const INTEGER = /^-?(?:0|[1-9][0-9]*)(?:\.0+)?$/

/** Legacy eras know no such headers: none is trusted, and none goes on. */
export function mirrorForEra(
  tool: ToolFacts | undefined,
  call: Pick<Decoded, 'era' | 'message' | 'paramHeaders'>,
): Mirrored {
  if (call.era === 'legacy') return { kind: 'ok', headers: [], dropped: 0 }
  return tool === undefined
    ? checkParams(call.paramHeaders)
    : mirrorParams(tool.mirrors, call.message.params['arguments'], call.paramHeaders)
}

function mirrorParams(mirrors: readonly Mirror[], args: unknown, came: HeaderList): Mirrored {
  const stated = new Map(came)
  const headers: Array<readonly [string, string]> = []
  for (const { header, path, type } of mirrors) {
    const value = valueAt(args, path)
    const text = stated.get(header)
    stated.delete(header)
    const expected = textOf(value, type)
    if (expected === undefined && text === undefined) continue
    const problem = problemOf(expected, text, type)
    if (problem !== undefined) return { kind: 'mismatch', header, says: problem }
    headers.push([header, encodeHeaderValue(expected as string)])
  }
  return { kind: 'ok', headers, dropped: stated.size }
}

/** Where the tool's definition is not known its own server must judge: only what no server could read is refused. */
function checkParams(came: HeaderList): Mirrored {
  for (const [header, text] of came) {
    if (text.length > MOST_CHARS || decodeHeaderValue(text) === undefined)
      return { kind: 'mismatch', header, says: 'It cannot be decoded.' }
  }
  return { kind: 'ok', headers: came, dropped: 0, isUnchecked: true }
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args
  for (const key of path) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** How the value is written in a header; undefined where it has no header: null, absent, or not of its type. */
function textOf(value: unknown, type: Mirror['type']): string | undefined {
  if (type === 'integer') return Number.isSafeInteger(value) ? String(value) : undefined
  return typeof value === type ? String(value) : undefined
}

function problemOf(
  expected: string | undefined,
  text: string | undefined,
  type: Mirror['type'],
): string | undefined {
  if (text === undefined) return 'It is missing, and the argument it mirrors is there.'
  if (expected === undefined)
    return 'It is there, and the argument it mirrors is not, or cannot be mirrored.'
  if (text.length > MOST_CHARS) return `It is longer than ${MOST_CHARS} characters.`
  const decoded = decodeHeaderValue(text)
  if (decoded === undefined) return 'It cannot be decoded.'
  const isSame =
    type === 'integer'
      ? INTEGER.test(decoded) && Number(decoded) === Number(expected)
      : decoded === expected
  return isSame ? undefined : 'It does not say what the argument says.'
}
