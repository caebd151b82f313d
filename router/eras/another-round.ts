// Between two answers of one call: its caller is asked on its own stream, and what it says goes to the server with the call once more.
import type { Again, AskedRound, Caller, Relay } from '#router/facts.ts'
import type { WireAnswer } from './codec.ts'
import { asEvent } from './event-data.ts'
import type { RelayContext } from './relay.ts'

const STREAM_HEADERS = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})

/** It may be under way since an earlier round. */
export function beginStream(caller: Caller): void {
  if (caller.status === 0) caller.begin(200, STREAM_HEADERS)
}

/** The last word: alone, or as the last event of a stream. */
export function tell(caller: Caller, { status, headers, body }: WireAnswer): void {
  if (caller.status === 0) caller.send(status, headers, body)
  else {
    caller.write(asEvent(Buffer.from(body)))
    caller.end()
  }
}

/** The answer to go on with; undefined where the caller has had its last word, or has left. */
export async function anotherRound(
  caller: Caller,
  { again, asked }: { readonly again: Again; readonly asked: AskedRound },
  context: RelayContext,
): Promise<Relay | undefined> {
  beginStream(caller)
  const next = await again(asked, json => void caller.write(asEvent(json)))
  const isRelay = next.kind === 'answer' && next.answer.kind === 'relay'
  if (isRelay && !caller.isGone) return next.answer.relay
  if (isRelay) next.answer.relay.abandon()
  if (caller.isGone) context.trail.broken = 'caller_gone'
  else if (next.kind === 'refuse') {
    context.trail.broken = next.refusal.code
    tell(caller, context.refusal(next.refusal))
  } else if (next.answer.kind === 'error') tell(caller, context.error(next.answer))
  else caller.cut() // a call has no other answers
  return undefined
}
