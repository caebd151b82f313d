// What a tool gives as structured content alone, as text beside it: several assistants show a model nothing but the text (Claude Desktop:
// action_mcp#181; LangChain: statgpt-backend#691; llama.cpp#26410). A server should do so itself (2025-06-18, tools, Structured Content).

import { eachElement, firstValue, isArrayAt, memberOf, splice } from '#router/eras/json-spans.ts'
import type { Span } from '#router/facts.ts'

/** The message as it was, where it is no such result. */
export function withText(json: Buffer): Buffer {
  const result = memberOf(json, firstValue(json), 'result')
  if (result === undefined) return json
  const structured = memberOf(json, result.start, 'structuredContent')
  if (structured === undefined) return json
  const said = json.toString('utf8', structured.start, structured.end)
  if (said === 'null') return json
  const block = `[{"type":"text","text":${JSON.stringify(said)}}]`
  const content = memberOf(json, result.start, 'content')
  if (content === undefined) {
    const at = { start: result.start + 1, end: result.start + 1 }
    return splice(json, [{ span: at, by: `"content":${block},` }])
  }
  return isEmptyAt(json, content) ? splice(json, [{ span: content, by: block }]) : json
}

/** A result that begins with it may be one of them, however long it is. */
export const SIGNS_OF_STRUCTURE: readonly string[] = ['structuredContent']

function isEmptyAt(json: Buffer, { start }: Span): boolean {
  if (!isArrayAt(json, start)) return false
  let isEmpty = true
  eachElement(json, start, () => {
    isEmpty = false
  })
  return isEmpty
}
