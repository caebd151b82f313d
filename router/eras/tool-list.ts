// A page of tools as bytes: definitions travel as they were sent, but for the name that the caller sees.
import type { Era } from '#routes/route-table.ts'
import { eachElement, eachMember, firstValue, isArrayAt, isObjectAt, splice } from './json-spans.ts'
import { factsOf } from './tool-facts.ts'
import { META } from './versions.ts'

type Tool = Readonly<Record<string, unknown>>

/** An escaped spelling of it is not looked for: no server writes one, and whoever does hides its own header from itself. */
const MIRROR_MARK = '"x-mcp-header"'

/** No replica offers so many, and each costs time for which nothing else runs. */
export const MOST_TOOLS = 2_000

/** Definitions of one `tools/list` answer, one more than `MOST_TOOLS` where there are more, each with `prefix` before its name. One without a name hides only itself. */
export function definitionsIn(answer: Buffer, prefix: string): readonly Buffer[] {
  const tools: Buffer[] = []
  eachMember(answer, firstValue(answer), (key, result) => {
    if (key !== 'result' || !isObjectAt(answer, result.start)) return
    eachMember(answer, result.start, (name, list) => {
      if (name !== 'tools' || !isArrayAt(answer, list.start)) return
      eachElement(answer, list.start, ({ start, end }) => {
        if (tools.length > MOST_TOOLS) return
        const renamed = rename(answer.subarray(start, end), prefix)
        if (renamed !== undefined) tools.push(renamed)
      })
    })
  })
  return tools
}

function rename(tool: Buffer, prefix: string): Buffer | undefined {
  if (!isObjectAt(tool, 0)) return undefined
  let name: { start: number; end: number } | undefined
  eachMember(tool, 0, (key, value) => {
    if (key === 'name') name = value
  })
  if (name === undefined || tool[name.start] !== 0x22) return undefined
  if (tool.includes(MIRROR_MARK) && factsOf(JSON.parse(tool.toString()) as Tool) === 'broken')
    return undefined
  if (prefix === '') return tool
  const own = JSON.parse(tool.toString('utf8', name.start, name.end)) as string
  return splice(tool, [{ span: name, by: JSON.stringify(`${prefix}${own}`) }])
}

export interface EncodedList {
  readonly tools: readonly Buffer[]
  readonly nextCursor?: string
  readonly unavailable: readonly string[]
  readonly serverInfo: Readonly<Record<string, unknown>>
}

/** The `result` of a merged `tools/list`. A modern one must say how long and for whom it holds (2026-07-28, caching). */
export function encodeToolList(era: Era, list: EncodedList): Buffer {
  const isModern = era === 'modern'
  const meta = {
    ...(isModern ? { [META.serverInfo]: list.serverInfo } : {}),
    ...(list.unavailable.length > 0 ? { [META.unavailable]: list.unavailable } : {}),
  }
  const rest = {
    ...(isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}),
    ...(list.nextCursor === undefined ? {} : { nextCursor: list.nextCursor }),
    ...(Object.keys(meta).length > 0 ? { _meta: meta } : {}),
  }
  const tail = JSON.stringify(rest)
  const parts: Buffer[] = [Buffer.from('{"tools":[')]
  for (const [index, tool] of list.tools.entries()) {
    if (index > 0) parts.push(COMMA)
    parts.push(tool)
  }
  parts.push(Buffer.from(tail === '{}' ? ']}' : `],${tail.slice(1)}`))
  return Buffer.concat(parts)
}

const COMMA = Buffer.from(',')
