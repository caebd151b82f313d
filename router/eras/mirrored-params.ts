// Arguments that a tool mirrors into `Mcp-Param-*` headers: held against the headers that came, and written anew for the ones that go.
// The body is the truth; a header that says otherwise, or is missing, fails the call (2026-07-28, transports, Custom Headers).
import type { Decoded, Message } from '#router/facts.ts'
import type { Mirror, ToolFacts } from '#router/tool-facts.ts'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'
import { pointerTo } from './json-limits.ts'
import { isRecord } from './message.ts'
import { saysNumber, textOfNumber, WrittenParams } from './written-number.ts'

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

/** Legacy eras know no such headers: none that came is trusted, and those for a modern replica are written from the arguments. */
export function mirrorForEra(
  tool: ToolFacts | undefined,
  call: Pick<Decoded, 'era' | 'message' | 'paramHeaders'>,
): Mirrored {
  if (call.era === 'legacy')
    return { kind: 'ok', headers: headersOf(tool?.mirrors ?? [], call.message), dropped: 0 }
  return tool === undefined
    ? checkParams(call.paramHeaders)
    : mirrorParams(tool.mirrors, call.message, call.paramHeaders)
}

function mirrorParams(mirrors: readonly Mirror[], message: Message, came: HeaderList): Mirrored {
  const stated = new Map(came)
  const headers: Array<readonly [string, string]> = []
  const written = new WrittenParams(message)
  for (const { header, path: inArguments, type } of mirrors) {
    const path = ['arguments', ...inArguments]
    const value = valueAt(message.params, path)
    const text = stated.get(header)
    stated.delete(header)
    if (value === undefined || value === null) {
      if (text === undefined) continue
      return mismatch(header, 'It is there, and the argument it mirrors is not.')
    }
    const told = textOf(value, path, written)
    if ('problem' in told) return mismatch(header, told.problem)
    const isNumber = type === 'integer' && typeof value === 'number'
    const problem = problemOf(told.text, text, isNumber)
    if (problem !== undefined) return mismatch(header, problem)
    headers.push([header, encodeHeaderValue(told.text)])
  }
  return { kind: 'ok', headers, dropped: stated.size }
}

/** What cannot be written is left to the tool server, which refuses the call for want of it. */
function headersOf(mirrors: readonly Mirror[], message: Message): HeaderList {
  const written = new WrittenParams(message)
  return mirrors.flatMap(({ header, path: inArguments }) => {
    const path = ['arguments', ...inArguments]
    const value = valueAt(message.params, path)
    if (value === undefined || value === null) return []
    const told = textOf(value, path, written)
    return 'text' in told ? [[header, encodeHeaderValue(told.text)] as const] : []
  })
}

const mismatch = (header: string, says: string): Mirrored => ({ kind: 'mismatch', header, says })

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

/**
 * How a value is written in a header, whatever type it was declared of: a tool may take "42" for 42, and what has no header
 * would reach it unseen.
 */
function textOf(
  value: unknown,
  path: readonly string[],
  written: WrittenParams,
): { readonly text: string } | { readonly problem: string } {
  if (typeof value === 'string' || typeof value === 'boolean') return { text: String(value) }
  const place = pointerTo(['params', ...path])
  if (typeof value !== 'number')
    return { problem: `The value at ${place} is neither a string nor a number nor a boolean.` }
  const text = textOfNumber(value, written.at(path))
  return text === undefined
    ? { problem: `The number at ${place} is not one that every parser reads alike.` }
    : { text }
}

function problemOf(
  expected: string,
  text: string | undefined,
  isNumber: boolean,
): string | undefined {
  if (text === undefined) return 'It is missing, and the argument it mirrors is there.'
  if (text.length > MOST_CHARS) return `It is longer than ${MOST_CHARS} characters.`
  const decoded = decodeHeaderValue(text)
  if (decoded === undefined) return 'It cannot be decoded.'
  const isSame = decoded === expected || (isNumber && saysNumber(decoded, expected))
  return isSame ? undefined : 'It does not say what the argument says.'
}
