// An answer that is here whole: whether it answers the call, and with the caller's id in its place.
// What streams past goes through `id-swap.ts`, which needs no memory; this needs no state, and costs a third.
import type { Span } from '#router/facts.ts'
import { firstValue, isKey, isObjectAt, skipValue, splice, walkMembers } from './json-spans.ts'

/** The answer as the caller is to get it; undefined when it is no response under the id that was sent. Both ids as JSON text. */
export function answerUnder(
  body: Buffer,
  sentIdJson: string,
  callerIdJson: string,
): Buffer | undefined {
  const id = idOfResponse(body)
  if (id === undefined || !isSameId(body.toString('utf8', id.start, id.end), sentIdJson))
    return undefined
  return sentIdJson === callerIdJson ? body : splice(body, [{ span: id, by: callerIdJson }])
}

/** Undefined as well when the text is no JSON object, as far as its outline shows. */
function idOfResponse(body: Buffer): Span | undefined {
  const start = firstValue(body)
  if (!isObjectAt(body, start)) return undefined
  let id: Span | undefined
  let hasOutcome = false
  let hasMethod = false
  try {
    const end = walkMembers(body, start, (key, keyEnd, value) => {
      const valueEnd = skipValue(body, value)
      if (isKey(body, key, keyEnd, 'id')) id = { start: value, end: valueEnd }
      else if (isKey(body, key, keyEnd, 'result') || isKey(body, key, keyEnd, 'error'))
        hasOutcome = true
      else if (isKey(body, key, keyEnd, 'method')) hasMethod = true
      return valueEnd
    })
    return hasOutcome && !hasMethod && end <= body.length ? id : undefined
  } catch {
    return undefined // the outline is not that of JSON
  }
}

function isSameId(answeredJson: string, sentJson: string): boolean {
  if (answeredJson === sentJson) return true
  try {
    return JSON.parse(answeredJson) === JSON.parse(sentJson)
  } catch {
    return false // what stands there is no JSON value
  }
}
