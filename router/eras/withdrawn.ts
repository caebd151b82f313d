// A server gives up a question of its own: its caller knows that by another id.
import type { Span } from '#router/facts.ts'
import { asEvent, messageIn } from './event-data.ts'
import { eachMember, firstValue, isObjectAt, splice } from './json-spans.ts'

const CANCELLED = 'notifications/cancelled'

/** An event as the relay writes it, which is one message that was read strictly. */
export function withdrawnByName(
  event: Buffer,
  name: (ownIdJson: string) => string | undefined,
): Buffer {
  if (!event.includes(CANCELLED)) return event
  const json = messageIn(event)
  if (json === undefined) return event
  let [method, params] = ['', -1]
  eachMember(json, firstValue(json), (key, { start, end }) => {
    if (key === 'method') method = json.toString('utf8', start, end)
    else if (key === 'params') params = start
  })
  if (!method.startsWith('"') || JSON.parse(method) !== CANCELLED) return event
  if (!isObjectAt(json, params)) return event
  const named: { readonly span: Span; readonly by: string }[] = []
  eachMember(json, params, (key, span) => {
    const by = key === 'requestId' ? name(json.toString('utf8', span.start, span.end)) : undefined
    if (by !== undefined) named.push({ span, by })
  })
  if (named.length === 0) return event
  return asEvent(splice(json, named))
}
