// What a server writes down for the next round of a call, on its way out: sealed in its place, and every other byte as it came.
import type { Message, Rounds, Span } from '#router/facts.ts'
import type { Change } from './bridge/upward.ts'
import { asEvent, messageIn } from './event-data.ts'
import { firstValue, isObjectAt, memberOf, splice } from './json-spans.ts'

/** Of an answer that asks for another round, whatever stands first in it: it may hold a state, however long it is. */
export const SIGNS_OF_STATE: readonly string[] = ['input_required', 'inputRequests', 'requestState']

/** A body, or one event; as it came where nothing is written down in it. */
export function withSealedState(whole: Buffer, rounds: Rounds): Buffer {
  if (!whole.includes('requestState')) return whole
  const isBody = isObjectAt(whole, firstValue(whole))
  const json = isBody ? whole : messageIn(whole)
  const span = json === undefined ? undefined : stateIn(json)
  if (json === undefined || span === undefined) return whole
  const own = JSON.parse(json.toString('utf8', span.start, span.end)) as string
  const sealed = splice(json, [{ span, by: JSON.stringify(rounds.seal(own)) }])
  return isBody ? sealed : asEvent(sealed)
}

function stateIn(json: Buffer): Span | undefined {
  const result = memberOf(json, firstValue(json), 'result')
  const state = result && memberOf(json, result.start, 'requestState')
  return state !== undefined && json[state.start] === QUOTE ? state : undefined
}

const QUOTE = 0x22

/** For the server: its own state in the place of the sealed one. */
export function ownStateIn({ body, spans }: Message, { ownState }: Rounds): readonly Change[] {
  if (ownState === undefined || spans.params === undefined) return []
  const span = memberOf(body, spans.params.start, 'requestState')
  return span === undefined ? [] : [{ span, by: JSON.stringify(ownState) }]
}
