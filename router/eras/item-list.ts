// A page of a list as bytes: definitions travel as they were sent, but for the names that the caller sees.
import type { Outward, Span } from '#router/facts.ts'
import type { Item, Listed } from '#router/methods.ts'
import type { Era } from '#routes/route-table.ts'
import {
  eachElement,
  eachMember,
  firstValue,
  isArrayAt,
  isObjectAt,
  memberOf,
  splice,
} from './json-spans.ts'
import { outwardDefinition } from './outward-names.ts'
import { factsOf } from './tool-facts.ts'
import { META } from './versions.ts'

/** An escaped spelling of it is not looked for: no server writes one, and whoever does hides its own header from itself. */
const MIRROR_MARK = '"x-mcp-header"'

/** No replica offers so many on one page, and each costs time for which nothing else runs. */
export const MOST_ITEMS = 2_000

/** Definitions of one answer, one more than `MOST_ITEMS` where there are more. One without a name hides only itself, and so does a tool whose headers no client could write. */
export function itemsIn(answer: Buffer, { member, key }: Listed): readonly Item[] {
  const result = memberOf(answer, firstValue(answer), 'result')
  const list = result && memberOf(answer, result.start, member)
  if (list === undefined || !isArrayAt(answer, list.start)) return []
  const items: Item[] = []
  eachElement(answer, list.start, ({ start, end }) => {
    if (items.length > MOST_ITEMS) return
    const definition = answer.subarray(start, end)
    const at = nameAt(definition, key)
    if (at === undefined || (member === 'tools' && isBroken(definition))) return
    items.push({ own: textAt(definition, at), definition })
  })
  return items
}

/** One that stands twice is none: two readers would know two tools, and only one of the names is the router's to change. */
function nameAt(definition: Buffer, wanted: string): Span | undefined {
  if (!isObjectAt(definition, 0)) return undefined
  let name: Span | undefined
  let times = 0
  eachMember(definition, 0, (key, value) => {
    if (key !== wanted) return
    name = value
    times += 1
  })
  return times === 1 && name !== undefined && definition[name.start] === 0x22 ? name : undefined
}

const textAt = (definition: Buffer, { start, end }: Span): string =>
  JSON.parse(definition.toString('utf8', start, end)) as string

const isBroken = (tool: Buffer): boolean =>
  tool.includes(MIRROR_MARK) &&
  factsOf(JSON.parse(tool.toString()) as Readonly<Record<string, unknown>>) === 'broken'

/** The definition under the name that callers know it by, and with the views that it names as they know them. */
export function renamed(
  { definition, own }: Item,
  wire: string,
  how: { readonly key: Listed['key']; readonly outward?: Outward },
): Buffer {
  const at = wire === own ? undefined : nameAt(definition, how.key)
  const named =
    at === undefined ? definition : splice(definition, [{ span: at, by: JSON.stringify(wire) }])
  return how.outward === undefined ? named : outwardDefinition(named, how.outward)
}

export interface EncodedList {
  readonly member: Listed['member']
  /** One definition each, or several with commas between. */
  readonly items: readonly Buffer[]
  readonly nextCursor?: string
  readonly unavailable: readonly string[]
  readonly serverInfo: Readonly<Record<string, unknown>>
  readonly ttlMs: number
  readonly isPublic: boolean
}

/** The `result` of a merged list, in pieces: each is kept for the next caller, and a copy of all of them would be a megabyte. A modern one must say how long and for whom it holds (2026-07-28, caching). */
export function encodeList(era: Era, list: EncodedList): readonly Buffer[] {
  const isModern = era === 'modern'
  const meta = {
    ...(isModern ? { [META.serverInfo]: list.serverInfo } : {}),
    ...(list.unavailable.length > 0 ? { [META.unavailable]: list.unavailable } : {}),
  }
  const rest = {
    ...(isModern
      ? {
          resultType: 'complete',
          ttlMs: list.ttlMs,
          cacheScope: list.isPublic ? 'public' : 'private',
        }
      : {}),
    ...(list.nextCursor === undefined ? {} : { nextCursor: list.nextCursor }),
    ...(Object.keys(meta).length > 0 ? { _meta: meta } : {}),
  }
  const tail = JSON.stringify(rest)
  const parts: Buffer[] = [Buffer.from(`{"${list.member}":[`)]
  for (const [index, item] of list.items.entries()) {
    if (index > 0) parts.push(COMMA)
    parts.push(item)
  }
  parts.push(Buffer.from(tail === '{}' ? ']}' : `],${tail.slice(1)}`))
  return parts
}

const COMMA = Buffer.from(',')
