// The keys whose spelling decides what a message means. A parser that ignores case takes `Name` for `name`, and would run another
// tool than the one that was checked; inside `arguments` keys are the tool's own, and are left alone.
import type { Name } from './json-keys.ts'
import { META } from './versions.ts'

/** What the member that is being read means to the router. */
export const ROLE = { none: 0, id: 1, params: 2, name: 3, meta: 4 } as const

export interface Names {
  readonly byLength: ReadonlyArray<readonly Name[]>
  readonly lower: ReadonlySet<string>
}

function names(words: readonly string[], roles: Readonly<Record<string, number>> = {}): Names {
  const byLength: Name[][] = []
  for (const word of words) {
    const name = { bytes: Buffer.from(word), role: roles[word] ?? ROLE.none }
    ;(byLength[word.length] ??= []).push(name)
  }
  return { byLength, lower: new Set(words.map(word => word.toLowerCase())) }
}

/** Of the message, of its `params`, of their `_meta`. */
export interface LevelNames {
  readonly top: Names
  readonly params: Names
  readonly meta: Names
}

const MESSAGE = 'jsonrpc id method params result error'
const PARAMS =
  '_meta name arguments uri cursor ref argument context level inputResponses requestState taskId notifications ' +
  'progressToken requestId protocolVersion capabilities clientInfo task reason'
const IN_META = 'io.modelcontextprotocol/logLevel progressToken traceparent tracestate baggage'

export const createNames = (): LevelNames => ({
  top: names(MESSAGE.split(' '), { id: ROLE.id, params: ROLE.params }),
  params: names(PARAMS.split(' '), { name: ROLE.name, _meta: ROLE.meta }),
  meta: names([...Object.values(META), ...IN_META.split(' ')]),
})

/** As keys they change what an object is where one is copied into another. */
const FORBIDDEN: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** What is wrong with a key that is none of the names that count where it stands. */
export function faultOfKey(
  key: string,
  names: Names | undefined,
  isTop: boolean,
): string | undefined {
  if (FORBIDDEN.includes(key)) return `the key "${key}" is not accepted anywhere`
  if (Array.from(key).some(letter => letter < ' ')) return 'a key has a control character in it'
  if (names === undefined) return undefined
  // Both ways, since a parser may fold `ſ` to `s`.
  if (names.lower.has(key.toUpperCase().toLowerCase()))
    return 'a key differs from a known one in its case only'
  return isTop ? 'the message has a member that JSON-RPC does not know' : undefined
}
