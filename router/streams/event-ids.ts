// The ids of events that callers of the legacy era hold: where each stream of their session stands at its replica. Any router can go on
// from there, and nothing is kept here. They are not sealed: whoever makes one up reaches no further than into its own session.
import { isRecord } from '#router/eras/message.ts'

/** Of a call's own stream, or of the stream of the session: which part of the session it is at, and what was read last there. */
export type Position =
  | {
      readonly kind: 'call'
      readonly part: number
      readonly last: string
      /** Of the call, at its replica and as its caller wrote it. */
      readonly upstreamIdJson: string
      readonly callerIdJson: string
    }
  | { readonly kind: 'session'; readonly lasts: ReadonlyMap<number, string> }

/** Half of what the headers of a request may be here: a longer one could not come back. */
const LONGEST = 8_192
const LAST = /^[!-~]{1,1024}$/

/** Undefined where it could not come back in a header. */
export function eventId(position: Position): string | undefined {
  const lasts = position.kind === 'call' ? [position.last] : [...position.lasts.values()]
  if (!lasts.every(isLast)) return undefined
  const parts =
    position.kind === 'call'
      ? { c: [position.part, position.last, position.upstreamIdJson, position.callerIdJson] }
      : { s: [...position.lasts] }
  const id = Buffer.from(JSON.stringify(parts)).toString('base64url')
  return id.length <= LONGEST ? id : undefined
}

/** Undefined for what no router has given out. */
export function openEventId(id: string): Position | undefined {
  const parts = id.length <= LONGEST ? parsed(id) : undefined
  if (!isRecord(parts)) return undefined
  const { c: call, s: session } = parts
  return Array.isArray(call)
    ? ofCall(call)
    : Array.isArray(session)
      ? ofSession(session)
      : undefined
}

function ofCall([part, last, upstreamIdJson, callerIdJson]: readonly unknown[]):
  | Position
  | undefined {
  return isPart(part) && isLast(last) && isIdJson(upstreamIdJson) && isIdJson(callerIdJson)
    ? { kind: 'call', part, last, upstreamIdJson, callerIdJson }
    : undefined
}

function ofSession(lasts: readonly unknown[]): Position | undefined {
  const found = new Map<number, string>()
  for (const one of lasts) {
    const [part, last] = Array.isArray(one) ? (one as readonly unknown[]) : []
    if (!isPart(part) || !isLast(last)) return undefined
    found.set(part, last)
  }
  return { kind: 'session', lasts: found }
}

const isPart = (part: unknown): part is number => Number.isSafeInteger(part)
const isLast = (last: unknown): last is string => typeof last === 'string' && LAST.test(last)

/** It is written into an answer as it stands. */
function isIdJson(json: unknown): json is string {
  if (typeof json !== 'string') return false
  const id = parsedJson(json)
  return typeof id === 'string' || Number.isSafeInteger(id)
}

function parsed(id: string): unknown {
  return parsedJson(Buffer.from(id, 'base64url').toString())
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined // whoever made it up
  }
}
