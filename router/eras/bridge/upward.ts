// A request that goes to a replica of the other era: the same bytes, but for the metadata that one era puts into every request and the
// other says once, in a session.
import type { Message, Span } from '#router/facts.ts'
import { eachMember, firstValue } from '../json-spans.ts'
import { LATEST_MODERN, META } from '../versions.ts'

export interface Change {
  readonly span: Span
  readonly by: string
}

/** What a modern replica is told of whoever calls, with every request. */
export interface Envelope {
  readonly clientInfo: unknown
  readonly clientCapabilities: unknown
  /** How much of what it logs the caller wants to hear; nothing when absent. */
  readonly logLevel?: string
}

/** Keys of a request's `_meta` that only 2026-07-28 and later know; a legacy server is told them in its session, or not at all. */
const MODERN_KEYS: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientCapabilities,
  META.clientInfo,
  META.logLevel,
])

/** For a legacy replica: without what is said in a session there. */
export const withoutEnvelope = (message: Message): readonly Change[] => changedMeta(message, [])

/** For a modern replica: with what it needs to know of whoever calls. */
export const withEnvelope = (message: Message, envelope: Envelope): readonly Change[] =>
  changedMeta(message, [
    `${JSON.stringify(META.protocolVersion)}:${JSON.stringify(LATEST_MODERN)}`,
    `${JSON.stringify(META.clientInfo)}:${JSON.stringify(envelope.clientInfo)}`,
    `${JSON.stringify(META.clientCapabilities)}:${JSON.stringify(envelope.clientCapabilities)}`,
    ...(envelope.logLevel === undefined
      ? []
      : [`${JSON.stringify(META.logLevel)}:${JSON.stringify(envelope.logLevel)}`]),
  ])

function changedMeta(message: Message, added: readonly string[]): readonly Change[] {
  const { body, spans } = message
  if (spans.params === undefined) {
    if (added.length === 0) return []
    const end = body.lastIndexOf('}') // of the message, which is one object
    return [{ span: { start: end, end }, by: `,"params":{"_meta":{${added.join()}}}` }]
  }
  let meta: Span | undefined
  let isEmpty = true
  const end = eachMember(body, spans.params.start, (key, value) => {
    isEmpty = false
    if (key === '_meta') meta = value
  })
  if (meta !== undefined) {
    const by = `{${[...added, ...keptMembers(body, meta)].join()}}`
    return [{ span: meta, by }]
  }
  if (added.length === 0) return []
  const at = { start: end - 1, end: end - 1 }
  return [{ span: at, by: `${isEmpty ? '' : ','}"_meta":{${added.join()}}` }]
}

/** As they were written. */
function keptMembers(body: Buffer, { start, end }: Span): readonly string[] {
  const meta = body.subarray(start, end)
  const kept: string[] = []
  eachMember(meta, firstValue(meta), (key, value) => {
    if (!MODERN_KEYS.has(key))
      kept.push(`${JSON.stringify(key)}:${meta.toString('utf8', value.start, value.end)}`)
  })
  return kept
}
