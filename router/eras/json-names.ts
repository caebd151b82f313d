// The keys whose spelling decides what a message means. A parser that ignores case takes `Name` for `name`, and would run another
// tool than the one that was checked; inside `arguments` keys are the tool's own, and are left alone.
import type { Name } from './json-keys.ts'
import { META } from './versions.ts'

/** What the member that is being read means to the router. */
export const ROLE = { none: 0, id: 1, params: 2, name: 3, meta: 4, ref: 5 } as const

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

export interface LevelNames {
  /** Of the message. */
  readonly top: Names
  /** Of the value of a member with this role: of `params`, and of their `_meta` and `ref`. */
  readonly below: ReadonlyArray<Names | undefined>
}

const MESSAGE = 'jsonrpc id method params result error'
const PARAMS =
  '_meta name arguments uri cursor ref argument context level inputResponses requestState taskId notifications ' +
  'progressToken requestId protocolVersion capabilities clientInfo task reason'
const IN_META = 'io.modelcontextprotocol/logLevel progressToken traceparent tracestate baggage'
/** What is to be completed: the router asks the server that these name. */
const IN_REF = 'type name uri'

export function createNames(): LevelNames {
  const below: Array<Names | undefined> = Object.values(ROLE).map(() => undefined)
  below[ROLE.params] = names(PARAMS.split(' '), {
    name: ROLE.name,
    _meta: ROLE.meta,
    ref: ROLE.ref,
  })
  below[ROLE.meta] = names([...Object.values(META), ...IN_META.split(' ')])
  below[ROLE.ref] = names(IN_REF.split(' '))
  return { top: names(MESSAGE.split(' '), { id: ROLE.id, params: ROLE.params }), below }
}

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
